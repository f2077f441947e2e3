import com.senacor.elasticsearch.evolution.core.ElasticsearchEvolution;
import java.util.List;
import java.util.Map;
import org.apache.http.HttpHost;
import org.elasticsearch.client.RestClient;

/** Main URL FOLDER HISTORY_INDEX OUT_OF_ORDER: migrates once, exits 0, or 1 with the causes. */
public class Main {

    public static void main(String[] args) {
        int status = 0;
        try {
            int count = ElasticsearchEvolution.configure()
                    .setLocations(List.of("file:" + args[1]))
                    .setHistoryIndex(args[2])
                    .setOutOfOrder(Boolean.parseBoolean(args[3]))
                    .setPlaceholders(Map.of())
                    .load(RestClient.builder(HttpHost.create(args[0])).build())
                    .migrate();
            System.out.println("migrated " + count);
        } catch (Exception e) {
            status = 1;
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                System.out.println(cause.getMessage());
            }
        }
        System.exit(status);   // the HTTP client's threads would keep the process alive
    }
}
