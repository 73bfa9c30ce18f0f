import Testing

@testable import Postgres

@Suite("Database URLs")
struct ConnectionSettingsTests {
    private static func value(_ keyword: String, in settings: ConnectionSettings) -> String? {
        settings.options(for: .calls).last { $0.keyword == keyword }?.value
    }

    @Test("both of libpq's forms are understood, with the sidecar's defaults under them")
    func defaults() throws {
        for url in ["postgresql://wamp@db.example.com:5433/app", "host=db.example.com port=5433 user=wamp dbname=app"] {
            let settings = try ConnectionSettings(url: url, password: "secret")
            #expect(Self.value("host", in: settings) == "db.example.com")
            #expect(Self.value("target_session_attrs", in: settings) == "read-write")
            #expect(Self.value("tcp_user_timeout", in: settings) == "10000")
            #expect(Self.value("client_encoding", in: settings) == "UTF8")
            #expect(Self.value("application_name", in: settings) == "wamp-sidecar calls")
            #expect(Self.value("password", in: settings) == "secret")
            #expect(settings.description == "host=db.example.com port=5433 dbname=app user=wamp")
        }
    }

    @Test("the URL's own values win")
    func overrides() throws {
        let url = "postgresql://wamp:mine@a,b/app?target_session_attrs=any&application_name=shop&connect_timeout=3"
        let settings = try ConnectionSettings(url: url, password: "other")
        #expect(Self.value("target_session_attrs", in: settings) == "any")
        #expect(Self.value("application_name", in: settings) == "shop calls")
        #expect(Self.value("password", in: settings) == "mine")
        #expect(settings.patienceInSeconds == 16)
    }

    @Test("the server's own settings may be given, and the server never sends notices")
    func serverOptions() throws {
        let url = "postgresql://u@a/app"
        #expect(
            Self.value("options", in: try ConnectionSettings(url: url, password: nil))
                == "-c client_min_messages=error")
        let given = try ConnectionSettings(url: url + "?options=-c%20geqo%3Doff", password: nil)
        #expect(Self.value("options", in: given) == "-c geqo=off -c client_min_messages=error")
    }

    @Test("another database's URL is distinguished from a malformed one") func otherDatabases() {
        let error = #expect(throws: ConnectionSettingsError.self) {
            try ConnectionSettings(url: "mysql://wamp:hunter2@h/app", password: nil)
        }
        #expect(error?.description == "begins with mysql://; a PostgreSQL server's begins with postgresql://")
    }

    @Test(
        "an error says what is wrong, and nothing of the password",
        arguments: [
            "postgresql://wamp:hunter2@[::1/app",
            "postgresql://wamp:hunter2@host/app?nonsense=hunter2", "host=x password=hunter2 hunter2",
            "postgresql://wamp:hunter2 @host/app%zz", "hunter2", "password='hunter2", "host=x password=y hunter",
        ])
    func errors(url: String) {
        let error = #expect(throws: ConnectionSettingsError.self) {
            try ConnectionSettings(url: url, password: nil)
        }
        #expect(error?.description.isEmpty == false)
        #expect(error?.description.contains("hunter") == false)
    }

    @Test("of several hosts each can be tried by itself, with its port")
    func hosts() throws {
        let settings = try ConnectionSettings(url: "postgresql://u@a:1,b:2/app", password: nil)
        let hosts = settings.optionsOfEachHost(for: .control).map { options in
            options.filter { ["host", "port"].contains($0.keyword) }.map(\.value)
        }
        #expect(hosts == [["a", "1"], ["b", "2"]] || hosts == [["1", "a"], ["2", "b"]])
        let one = try ConnectionSettings(url: "host=a,b port=5", password: nil)
        #expect(
            one.optionsOfEachHost(for: .control).allSatisfy { $0.contains { $0.keyword == "port" && $0.value == "5" } })
        #expect(one.optionsOfEachHost(for: .control).count == 2)
        #expect(try ConnectionSettings(url: "host=a", password: nil).optionsOfEachHost(for: .control).isEmpty)
    }

    /// Which files of the home folder count depends on what the URL says; nothing is looked for where there is no TLS.
    @Test(arguments: [
        ("postgresql://h/app", ["root.crt", "postgresql.crt"]),
        ("host=h", ["root.crt", "postgresql.crt"]),
        ("hostaddr=127.0.0.1 sslmode=verify-full", ["root.crt", "postgresql.crt"]),
        ("host=/run,h", ["root.crt", "postgresql.crt"]),
        ("host=h sslrootcert=system sslmode=verify-full", ["postgresql.crt"]),
        ("host=h sslcert=/c", ["root.crt"]),
        ("host=h sslcert=/c sslrootcert=/r", []),
        ("host=h sslmode=disable", []),
        ("host=h service=app", []),
        ("host=/run", []),
        ("dbname=app", []),
    ])
    func filesOfHome(url: String, names: [String]) throws {
        #expect(try ConnectionSettings(url: url, password: nil).filesOfHome.map(\.name) == names)
    }
}
