import Names
import TestFolders
import Testing

@testable import SidecarConfiguration

@Suite struct ConfigurationFileTests {
    @Test func defaults() throws {
        let configuration = try load("")
        #expect(configuration.path == "sidecar.yaml")
        #expect(configuration.router.urls.map(\.value.description) == ["ws://127.0.0.1:8080/ws"])
        #expect(try configuration.router.realm == Located(Realm("realm1"), at: Location(line: 4, column: 10)))
        #expect(configuration.router.serializers == [.json, .msgpack, .cbor])
        #expect(configuration.router.authentication.credentials == .anonymous(authid: nil))
        #expect(!configuration.router.ping && !configuration.router.insecure)
        #expect(configuration.router.callTimeoutUnit == .auto)
        #expect("\(configuration.database.connection.value)" == "host=127.0.0.1 port=5432 dbname=app user=wamp")
        #expect(configuration.database.password == nil)
        #expect(configuration.database.connections == 4 && configuration.database.pipeline == 32)
        #expect(configuration.database.queue == 1000 && configuration.database.queueTimeout == .seconds(5))
        #expect(configuration.database.onDatabaseLoss == .keep)
        #expect(configuration.procedures.isEmpty && configuration.notifications.isEmpty)
        #expect(configuration.shutdownTimeout == .seconds(8))
        #expect(configuration.log == LogSettings(level: .info, format: .text))
        #expect(configuration.place(Location(line: 12, column: 3)) == "sidecar.yaml:12:3")
    }

    @Test func topLevelValues() throws {
        let configuration = try load("shutdown_timeout: 20s\nlog: { level: debug, format: json }")
        #expect(configuration.shutdownTimeout == .seconds(20))
        #expect(configuration.log == LogSettings(level: .debug, format: .json))
    }

    @Test func emptySectionsAreEmpty() {
        #expect(faults(below: "procedures: {}\nnotifications: {}\nlog:\n").isEmpty)
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "~", "\n\n"])
    func emptyFiles(_ text: String) {
        #expect(
            faults(in: text) == [
                "sidecar.yaml:1:1: the file is empty; begin with router: and database:, see docs/mapping.md"
            ])
    }

    @Test(arguments: ["a text", "[router, database]"])
    func filesWithoutKeys(_ text: String) {
        #expect(faults(in: text).count == 1)
    }

    @Test func missingSections() {
        #expect(
            faults(in: "{}").map { $0.prefix(44) }
                == [
                    "sidecar.yaml:1:1: 'router' is missing at the", "sidecar.yaml:1:1: 'database' is missing at th",
                ].map { $0.prefix(44) })
    }

    /// The configuration of a command that only needs the router: nothing else is read.
    @Test func theRouterAlone() throws {
        let router = "router: { url: \"ws://h/${A}\", realm: realm1 }\n"
        let settings = try ConfigurationFile.loadRouter(
            text: router + "database: { url: \"${NOT_SET}\", x: 1 }\nnonsense: [1]\n", environment: ["A": "ws"])
        #expect(settings.urls.map(\.value.description) == ["ws://h:80/ws"])
        for (text, problem) in [
            ("", "the file is empty"), ("[1]", "a list where keys are expected"),
            ("database: {}", "'router' is missing"),
            (router, "'A' is not set"), ("router: 1", "a single value where keys are expected in router"), ("a: [", ""),
        ] {
            let faults = #expect(throws: ConfigurationFaults.self) {
                try ConfigurationFile.loadRouter(text: text, environment: [:])
            }
            #expect(faults?.faults.count == 1 && (problem.isEmpty || faults?.description.contains(problem) == true))
        }
    }

    @Test func missingKeysAreNamedAtTheirSection() {
        #expect(
            faults(in: "log: {}\nrouter:\n  ping: true\ndatabase: {}\n") == [
                "sidecar.yaml:2:1: 'url' is missing in router; add e.g. url: ws://127.0.0.1:8080/ws",
                "sidecar.yaml:2:1: 'realm' is missing in router; add e.g. realm: realm1",
                "sidecar.yaml:4:1: 'url' is missing in database; add e.g. url: postgresql://wamp@127.0.0.1:5432/app",
            ])
    }

    @Test func allFaultsAreReportedInTheirOrder() {
        let text = """
            database: { connections: 0, url: "" }
            router:
              url: []
              realm: 5
              pong: true
            procedures:
              com.example.a: { fucntion: f }
              com.example.b: { function: f, timeout: 5 }
              com.example.b: { function: g }
            shutdown_timeout: -1s
            """
        #expect(
            faults(in: text) == [
                "sidecar.yaml:1:26: 'connections' in database is '0', which is out of bounds; "
                    + "write a number from 1 to 1000",
                "sidecar.yaml:1:34: 'url' in database is empty; give it a value",
                "sidecar.yaml:3:8: 'url' in router is an empty list; write e.g. url: ws://127.0.0.1:8080/ws",
                "sidecar.yaml:4:10: 'realm' in router is a number or a boolean, not a text; put it into quotes",
                "sidecar.yaml:5:3: unknown key 'pong' in router; did you mean 'ping'?",
                "sidecar.yaml:7:3: neither 'function' nor 'sql' is given in procedure 'com.example.a'; "
                    + "add e.g. function: public.add2",
                "sidecar.yaml:7:20: unknown key 'fucntion' in procedure 'com.example.a'; did you mean 'function'?",
                "sidecar.yaml:8:42: 'timeout' in procedure 'com.example.b' is '5', which is not a duration; "
                    + "write a whole number and a unit (ms, s, m, h or d), e.g. timeout: 30s",
                "sidecar.yaml:9:3: key 'com.example.b' appears twice, first in line 8; "
                    + "remove one of the two",
                "sidecar.yaml:10:19: 'shutdown_timeout' at the top level is '-1s', which is not a duration; "
                    + "write a whole number and a unit (ms, s, m, h or d), e.g. shutdown_timeout: 30s",
            ])
    }

    @Test func whatAnAliasRepeatsIsReportedOnce() {
        let text = "procedures:\n  com.example.a: &a { function: f, tymeout: 1s }\n  com.example.b: *a\n"
        // The key's place is the same in both; the procedure in the report is not.
        #expect(faults(below: text).count == 2)
        #expect(faults(below: "log: { level: &a [x], format: *a }\n").count == 2)
        let same = "router: { url: [ &u \"xss://h\", *u ], realm: r }\ndatabase: { url: dbname=d }\n"
        #expect(faults(in: same).map { $0.prefix(20) } == ["sidecar.yaml:1:18: '"])
    }

    @Test func filesAreRead() throws {
        let folder = TemporaryFolder()
        let path = try folder.write("sidecar.yaml", [0xEF, 0xBB, 0xBF] + Array(minimal.utf8))
        let configuration = try ConfigurationFile.load(path: path, environment: [:])
        #expect(configuration.path == path)
        #expect(configuration.router.location == .start)
    }

    @Test func filesThatCantBeRead() throws {
        let folder = TemporaryFolder()
        func fault(_ path: String) -> String? {
            let faults = #expect(throws: ConfigurationFaults.self) {
                try ConfigurationFile.load(path: path, environment: [:])
            }
            return faults?.description
        }
        let missing = "\(folder.path)/none.yaml"
        #expect(
            fault(missing)
                == "\(missing): can't be read (No such file or directory); correct the path, or create the file")
        #expect(fault(folder.path) == "\(folder.path): is a folder; name the file in it")
        let latin = try folder.write("latin", Array("router:\n  realm: ".utf8) + [0xE4])
        #expect(fault(latin) == "\(latin):2:10: the text from here on is not UTF-8; save the file as UTF-8")
        let huge = try folder.write("huge", Array(repeating: UInt8(ascii: "#"), count: 1 << 20 + 1))
        #expect(fault(huge) == "\(huge): is larger than 1048576 octets; make it smaller")
        let empty = try folder.write("empty", "")
        #expect(fault(empty)?.hasPrefix("\(empty):1:1: the file is empty") == true)
    }
}
