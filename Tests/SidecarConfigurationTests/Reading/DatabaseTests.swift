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
              schema: crossbar
              grant_to: [app, PUBLIC]
              register_to: [owner]
            """
        let database = try ConfigurationFile.load(text: Self.router + text).database
        #expect("\(database.connection.value)" == "host=/run/postgresql dbname=app")
        #expect(database.connection.location == Location(line: 3, column: 8))
        #expect(database.password == "s3cret")
        #expect(database.connections == 8 && database.pipeline == 1 && database.queue == 50)
        #expect(database.queueTimeout == .milliseconds(500))
        #expect(database.onDatabaseLoss == .unregister)
        #expect(database.schema == "crossbar" && database.grantTo == ["app", "PUBLIC"])
        #expect(database.registerTo == ["owner"])
        #expect(database.location == Location(line: 2, column: 1))
    }

    /// Without the key rights stay as they are; an empty list grants the right to nobody.
    @Test func whoHasRightsIsLeftOpen() throws {
        let database = try ConfigurationFile.load(text: Self.router + "database: { url: dbname=u, grant_to: [] }")
            .database
        #expect(database.grantTo == [] && database.registerTo == nil)
    }

    @Test func theURLIsChecked() {
        #expect(
            faults(in: Self.router + "database: { url: x }") == [
                "sidecar.yaml:2:18: 'url' in database missing \"…\" after \"…\" in connection info string; "
                    + "write e.g. url: postgresql://wamp@127.0.0.1:5432/app"
            ])
    }

    @Test func namesThatCanNotBeOnesAreRefused() {
        let long = String(repeating: "x", count: 64)
        let text = "database: { url: dbname=u, schema: pg_wamp, grant_to: [\(long)], register_to: [\(long)] }"
        #expect(
            faults(in: Self.router + text) == [
                "sidecar.yaml:2:36: 'schema' in database begins with 'pg_', which belongs to PostgreSQL; "
                    + "write e.g. schema: wamp",
                "sidecar.yaml:2:56: a value of 'grant_to' in database is longer than the 63 octets that PostgreSQL "
                    + "takes; write a role's name, or PUBLIC",
                "sidecar.yaml:2:137: a value of 'register_to' in database is longer than the 63 octets that PostgreSQL "
                    + "takes; write a role's name, or PUBLIC",
            ])
    }
}
