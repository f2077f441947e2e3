package ac.simons.neo4j.migrations.core;
import java.io.*; import java.nio.charset.StandardCharsets; import java.util.*;
/** stdin: op \t base64 ; stdout: one line of base64 fields separated by tab, or ERR:class:base64 message. */
public class Ask {
  static String b(String s) { return Base64.getEncoder().encodeToString(s.getBytes(StandardCharsets.UTF_8)); }
  static String list(Collection<String> l) { StringJoiner j = new StringJoiner(","); l.forEach(x -> j.add(b(x))); return l.size() + ":" + j; }
  public static void main(String[] a) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "US-ASCII");
    for (String line; (line = in.readLine()) != null;) {
      String[] f = line.split("\t", -1);
      byte[] data = Base64.getDecoder().decode(f[1]);
      String text = new String(data, StandardCharsets.UTF_8);
      String r;
      try {
        switch (f[0]) {
          case "script", "scriptcrlf", "flyway": {
            DefaultCypherResource res = new DefaultCypherResource("V1__x.cypher", f[0].equals("scriptcrlf"), f[0].equals("flyway"), () -> new ByteArrayInputStream(data));
            List<String> all = res.getStatements();
            StringBuilder sb = new StringBuilder(res.getChecksum() + "\t" + list(all) + "\t" + list(res.getExecutableStatements()) + "\t" + list(res.getSingleLineComments()) + "\t");
            for (var g : DefaultCypherResource.groupStatements(res.getExecutableStatements())) sb.append(g.database().map(Ask::b).orElse("-")).append("|").append(list(g.statements())).append(";");
            sb.append("\t");
            try {
              List<String> st = all.stream().map(statement -> {
                String q = DefaultCypherResource.getSingleLineComments(statement).filter(c -> Precondition.parse(c).isPresent()).map(String::trim).map(java.util.regex.Pattern::quote).collect(java.util.stream.Collectors.joining("|"));
                return q.isEmpty() ? statement : statement.replaceAll("(" + q + ")\r?\n|\r", ""); }).toList();
              sb.append(DefaultCypherResource.computeChecksum(st)).append("\t").append(list(Precondition.in(res).stream().map(Object::toString).toList()));
            } catch (IllegalArgumentException e) { sb.append("WRONG\t").append(b(e.getMessage())); }
            r = sb.toString(); break; }
          case "mode": r = DefaultCypherResource.getTransactionMode(text).name(); break;
          case "pre": r = Precondition.parse(text).map(p -> p.getType().keyword() + " " + b(p.toString())).orElse("NONE"); break;
          case "name": r = MigrationVersion.parse(text).getValue(); break;
          case "callback": r = "" + LifecyclePhase.canParse(text); break;
          case "order": { String[] v = text.split(" "); var o = v[0].equals("semantic") ? MigrationsConfig.VersionSortOrder.SEMANTIC : MigrationsConfig.VersionSortOrder.LEXICOGRAPHIC;
            r = "" + Integer.signum(MigrationVersion.getComparator(o).compare(MigrationVersion.withValue(v[1]), MigrationVersion.withValue(v[2]))); break; }
          default: throw new Error(f[0]);
        }
      } catch (RuntimeException | StackOverflowError e) { r = "ERR:" + e.getClass().getSimpleName() + ":" + b(String.valueOf(e.getMessage())); }
      out.println(r);
    }
    out.flush();
  }
}
