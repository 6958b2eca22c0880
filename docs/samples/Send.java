import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Send a message and print its id. CGW_URL: the gateway's address. CGW_KEY: an API key. */
public class Send {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(System.getenv("CGW_URL") + "/v1/messages"))
            .header("Authorization", "Bearer " + System.getenv("CGW_KEY"))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", arguments[0])
            .POST(HttpRequest.BodyPublishers.ofString(
                "{\"to\": \"+966500000078\", \"from\": \"INTERKEY\", \"text\": \"Your order is on its way\"}"))
            .build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 202) {
            System.err.println(answer.body());
            System.exit(1);
        }
        System.out.println(answer.body().replaceFirst(".*\"id\":\"([0-9a-f]+)\".*", "$1"));
    }
}
