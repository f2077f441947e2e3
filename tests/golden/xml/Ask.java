package ac.simons.neo4j.migrations.core;
import java.io.*; import java.net.*; import java.nio.charset.StandardCharsets; import java.util.*;
import org.w3c.dom.Document;
/** stdin: base64 of a document; stdout: why it can not be parsed, or checksum, outcome of from(), preconditions. */
public class Ask {
  static String b(String s) { return Base64.getEncoder().encodeToString(s.getBytes(StandardCharsets.UTF_8)); }
  static URL url(byte[] data) throws Exception {
    return new URL(null, "mem:/V1__x.xml", new URLStreamHandler() {
      protected URLConnection openConnection(URL u) {
        return new URLConnection(u) { public void connect() {} public InputStream getInputStream() { return new ByteArrayInputStream(data); } }; } }); }
  public static void main(String[] a) throws Exception {
    var checksum = CatalogBasedMigration.class.getDeclaredMethod("computeChecksum", Document.class);
    checksum.setAccessible(true);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "US-ASCII");
    for (String line; (line = in.readLine()) != null;) {
      byte[] data = Base64.getDecoder().decode(line);
      String r;
      try {
        Document document = CatalogBasedMigration.parseDocument(ResourceContext.of(url(data)));
        String sum = (String) checksum.invoke(null, document);
        String pre;
        try { StringJoiner j = new StringJoiner(","); for (Precondition p : CatalogBasedMigration.getPreconditions(document)) j.add(b(p.getType().keyword() + " " + p)); pre = "" + j; }
        catch (IllegalArgumentException e) { pre = "WRONG"; }
        String from;
        try { CatalogBasedMigration.from(ResourceContext.of(url(data))); from = "OK"; }
        catch (RuntimeException e) { from = b(e.getClass().getSimpleName() + ": " + e.getMessage()); }
        r = sum + "\t" + from + "\t" + pre;
      } catch (RuntimeException | java.lang.reflect.InvocationTargetException | StackOverflowError e) { r = "PARSE\t" + b(e + (e.getCause() == null ? "" : " / " + e.getCause())); }
      out.println(r);
    }
    out.flush();
  }
}
