import Names
import TestFolders
import Testing

@testable import CallPort

@Suite("psql at the port", .enabled(if: Shell.has("psql")))
struct PsqlTests {
    /// Runs psql with the right password, or another one; what it writes.
    private func psql(
        _ host: String, _ port: Int, _ commands: String..., user: String = "wamp",
        password: String = ListeningPort.password, environment: String = "", options: String = "-AtX"
    ) -> (output: String, status: Int32) {
        let arguments = commands.map { "-c '\($0)'" }.joined(separator: " ")
        return Shell.run(
            "\(environment) PGPASSWORD='\(password)' timeout 20 "
                + "psql -v VERBOSITY=verbose \(options) -h \(host) -p \(port) -U \(user) -d wamp \(arguments)")
    }

    @Test("over TCP: calls, events, errors, the state")
    func tcp() async throws {
        let port = try await ListeningPort(.tcp(host: "127.0.0.1", port: 0))
        _ = try await port.event(0)
        let number = try await port.number
        let call = self.psql(
            "127.0.0.1", number, #"{"key": "\#(port.key)", "call": "com.a", "args": [1, "é"], "kwargs": {"b": 2}}"#,
            #"{"key": "\#(port.key)", "publish": "com.t"}"#, #"{"status": true}"#, ";")
        #expect(call.output == "[1, \"é\"]|{\"b\": 2}\n[9]|\njoined\n")
        #expect(call.status == 0)
        let rows = self.psql(
            "127.0.0.1", number, #"{"key": "\#(port.key)", "rows": true, "call": "com.error", "args": [1]}"#,
            options: "-AX")
        #expect(rows.output == "state|args|kwargs|code|error|proof|hint\nerror|[1]||WA000|com.myapp.error||\n(1 row)\n")
        let error = self.psql(
            "127.0.0.1", number, #"{"key": "\#(port.key)", "call": "com.error", "args": [1]}"#, "select 1",
            #"{"call": "com.a"}"#)
        #expect(error.status == 1)
        for part in [
            "ERROR:  WA000: com.myapp.error\nDETAIL:  {\"args\": [1], \"kwargs\": null}\n", "ERROR:  42601: syntax",
            "HINT:  {\"call\"", "ERROR:  28000: ",
        ] {
            #expect(error.output.contains(part), "\(error.output)")
        }
        try await port.stop()
    }

    @Test("over a Unix socket, where a password is wanted too")
    func unix() async throws {
        let folder = TemporaryFolder()
        let port = try await ListeningPort(.unix(folder: folder.path, port: 7432))
        _ = try await port.event(0)
        #expect(self.psql(folder.path, 7432, #"{"status": true}"#).output == "joined\n")
        let wrong = self.psql(folder.path, 7432, #"{"status": true}"#, password: "guess")
        #expect(wrong.output.contains("FATAL:  password authentication failed for user \"wamp\""))
        #expect(wrong.status == 2)
        #expect(try await port.event(1) == .authenticationFailed(user: "wamp", from: "the Unix socket", total: 1))
        let nobody = self.psql(folder.path, 7432, #"{"status": true}"#, user: "postgres")
        #expect(nobody.output.contains("FATAL:  password authentication failed for user \"postgres\""))
        try await port.stop()
    }

    @Test("what libpq can be set to")
    func settings() async throws {
        let port = try await ListeningPort(.tcp(host: "127.0.0.1", port: 0))
        _ = try await port.event(0)
        let number = try await port.number
        for environment in [
            "PGSSLMODE=prefer", "PGGSSENCMODE=prefer", "PGCHANNELBINDING=disable", "PGCLIENTENCODING=UTF8",
            "PGOPTIONS='-c geqo=off' PGTZ=UTC PGDATESTYLE=German", "LC_ALL=C",
        ] {
            let result = self.psql("127.0.0.1", number, #"{"status": true}"#, environment: environment)
            #expect(result.output == "joined\n", "\(environment)")
        }
        let latin = self.psql("127.0.0.1", number, #"{"status": true}"#, environment: "PGCLIENTENCODING=LATIN1")
        #expect(latin.output.contains("client_encoding \"LATIN1\" is not supported"))
        let encrypted = self.psql("127.0.0.1", number, #"{"status": true}"#, environment: "PGSSLMODE=require")
        #expect(encrypted.output.contains("server does not support SSL"))
        try await port.stop()
    }

    @Test("three megabytes there and back")
    func large() async throws {
        let port = try await ListeningPort(.tcp(host: "127.0.0.1", port: 0))
        _ = try await port.event(0)
        let number = try await port.number
        let document =
            #"{"key":"\#(port.key)","call":"com.a","args":["'; head -c 3000000 /dev/zero | tr '\0' x; printf '"]}"#
        let result = Shell.run(
            "file=$(mktemp); (printf '\(document)'; echo ';') > $file; PGPASSWORD='\(ListeningPort.password)' "
                + "psql -AtX -h 127.0.0.1 -p \(number) -U wamp -d wamp -f $file | wc -c; "
                + "rm $file")
        #expect(result.output == "3000006\n")
        try await port.stop()
    }

    @Test("a caller that is killed gives its call up")
    func killed() async throws {
        let port = try await ListeningPort(.tcp(host: "127.0.0.1", port: 0))
        _ = try await port.event(0)
        let number = try await port.number
        let key = port.key
        let folder = TemporaryFolder()
        let caller = Shell.run(
            "PGPASSWORD='\(ListeningPort.password)' psql -AtX -h 127.0.0.1 -p \(number) -U wamp -d wamp "
                + "-c '{\"key\": \"\(key)\", \"call\": \"com.never\"}' >/dev/null 2>&1 & "
                + "echo $! > \(folder.path)/pid")
        #expect(caller.status == 0)
        try await port.called()
        #expect(Shell.run("kill -9 $(cat \(folder.path)/pid)").status == 0)
        try await port.canceled()
        try await port.stop()
    }
}
