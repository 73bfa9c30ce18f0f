import SidecarConfiguration
import Testing

@Suite struct DatabaseTests {
    static let router = "router: { url: ws://h, realm: r }\n"

    @Test func allKeys() throws {
        let text = """
            database:
              url: "host=/run/postgresql dbname=app"
              password: s3cret
              connections: 8
              pipeline: 1
              queue: 50
              queue_timeout: 500ms
              on_database_loss: unregister
            """
        let database = try ConfigurationFile.load(text: Self.router + text).database
        #expect(database.url.value.reveal() == "host=/run/postgresql dbname=app")
        #expect(database.url.location == Location(line: 3, column: 8))
        #expect(database.password?.reveal() == "s3cret")
        #expect(database.connections == 8 && database.pipeline == 1 && database.queue == 50)
        #expect(database.queueTimeout == .milliseconds(500))
        #expect(database.onDatabaseLoss == .unregister)
        #expect(database.location == Location(line: 2, column: 1))
    }

    @Test func theURLIsChecked() {
        let checks = FormatChecks(databaseURL: { $0 == "x" ? "is no libpq URI" : nil })
        #expect(
            faults(in: Self.router + "database: { url: x }", checks: checks) == [
                "sidecar.yaml:2:18: 'url' in database is no libpq URI; "
                    + "write e.g. url: postgresql://wamp@127.0.0.1:5432/app"
            ])
    }
}
