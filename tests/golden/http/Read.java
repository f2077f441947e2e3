import com.senacor.elasticsearch.evolution.core.internal.migration.input.MigrationScriptParserImpl;
import com.senacor.elasticsearch.evolution.core.internal.migration.input.MigrationScriptReaderImpl;
import com.senacor.elasticsearch.evolution.core.internal.model.migration.RawMigrationScript;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Lets elasticsearch-evolution's own reader and parser read scripts: a JSON object a line in, one a line out. */
public class Read {
    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        mapper.getFactory().enable(JsonGenerator.Feature.ESCAPE_NON_ASCII);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            System.out.println(mapper.writeValueAsString(answer(mapper.readTree(line))));
        }
    }

    static Map<String, Object> answer(JsonNode question) {
        Map<String, Object> answer = new LinkedHashMap<>();
        try {
            List<String> suffixes = new ArrayList<>();
            question.path("suffixes").forEach(suffix -> suffixes.add(suffix.asText()));
            if (suffixes.isEmpty()) {
                suffixes.add(".http");
            }
            String separator = question.path("line_separator").asText("\n");
            Map<String, String> placeholders = new LinkedHashMap<>();
            question.path("placeholders").fields().forEachRemaining(p -> placeholders.put(p.getKey(), p.getValue().asText()));
            var reader = new MigrationScriptReaderImpl(List.of(), StandardCharsets.UTF_8, "V", suffixes, separator,
                    question.path("trim_trailing_newline").asBoolean());
            var parser = new MigrationScriptParserImpl("V", suffixes, placeholders, "${", "}", true, separator);
            byte[] bytes = Base64.getDecoder().decode(question.path("bytes").asText());
            var read = MigrationScriptReaderImpl.class.getDeclaredMethod("read", BufferedReader.class, String.class);
            read.setAccessible(true);
            var text = new BufferedReader(new InputStreamReader(new ByteArrayInputStream(bytes), StandardCharsets.UTF_8.newDecoder()));
            var raw = ((Stream<?>) read.invoke(reader, text, question.path("name").asText("V1__x.http"))).toList();
            if (raw.isEmpty()) {
                answer.put("skipped", true);
                return answer;
            }
            answer.put("checksum", ((RawMigrationScript) raw.get(0)).getContent().hashCode());
            var parsed = parser.parse(List.of((RawMigrationScript) raw.get(0))).iterator().next();
            answer.put("version", parsed.getFileNameInfo().getVersion().getVersion());
            answer.put("description", parsed.getFileNameInfo().getDescription());
            var request = parsed.getMigrationScriptRequest();
            answer.put("method", request.getHttpMethod() == null ? null : request.getHttpMethod().name());
            answer.put("path", request.getPath());
            List<List<String>> headers = new ArrayList<>();
            request.getHttpHeader().forEach((name, value) -> headers.add(List.of(name, value)));
            answer.put("headers", headers);
            answer.put("body", request.getBody());
        } catch (InvocationTargetException e) {
            answer.put("error", e.getCause().getClass().getSimpleName());
        } catch (Exception e) {
            answer.put("error", e.getClass().getSimpleName());
        }
        return answer;
    }
}
