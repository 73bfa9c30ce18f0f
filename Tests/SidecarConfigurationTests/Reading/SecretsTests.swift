import TestFolders
import Testing

@testable import SidecarConfiguration

@Suite struct SecretsTests {
    static let secret = "hunter2xyz"

    @Test func fromTheFileItself() throws {
        let text = minimal + "  password: \"${PASSWORD}\"\n"
        let configuration = try ConfigurationFile.load(text: text, environment: ["PASSWORD": Self.secret])
        #expect(configuration.database.password == Self.secret)
    }

    @Test(arguments: [
        ("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3cret\n\n", "s3cret\n"),
        (" s3 cret ", " s3 cret "), ("größe\n", "größe"), ("${X}", "${X}"),
    ])
    func fromAFile(_ content: String, _ expected: String) throws {
        let folder = TemporaryFolder()
        try folder.write("password", content)
        let relative = try ConfigurationFile.load(
            text: minimal + "  password_file: password\n", folder: folder.path)
        #expect(relative.database.password == expected)
        let absolute = try ConfigurationFile.load(
            text: minimal + "  password_file: \(folder.path)/password\n", folder: "/nowhere")
        #expect(absolute.database.password == expected)
    }

    @Test func relativeToTheConfigurationFile() throws {
        let folder = TemporaryFolder()
        try folder.write("password", "s3cret\n")
        let path = try folder.write("sidecar.yaml", minimal + "  password_file: password\n")
        let configuration = try ConfigurationFile.load(path: path, environment: [:])
        #expect(configuration.database.password == "s3cret")
    }

    @Test func filesThatCantBeUsed() throws {
        let folder = TemporaryFolder()
        try folder.write("empty", "\n")
        try folder.write("binary", [0xFF, 0x00])
        try folder.write("nul", [0x61, 0x00])
        try folder.write("huge", Array(repeating: 0x61, count: 65_537))
        func fault(_ file: String) -> [String] {
            faults(in: minimal + "  password_file: \(file)\n", folder: folder.path)
        }
        let place = "sidecar.yaml:6:18: the file"
        #expect(
            fault("none") == [
                "\(place) 'none' that 'password_file' in database names can't be read (No such file or directory); "
                    + "correct the path, or create the file"
            ])
        for file in ["empty", "binary", "nul", "huge", "."] {
            let found = fault(file)
            #expect(found.count == 1 && found[0].hasPrefix("\(place) '\(file)' that"), "\(found)")
        }
    }

    @Test(arguments: ["ticket", "secret"]) func twinsClash(_ key: String) {
        let method = key == "ticket" ? "ticket" : "wampcra"
        let found = faults(
            in:
                "router: { url: wss://u, realm: r, auth: { method: \(method), authid: a, \(key): x, \(key)_file: y } "
                + "}\n"
                + "database: { url: dbname=u }")
        #expect(
            found.count == 1 && found[0].contains("'\(key)_file' in router.auth is another form of '\(key)'"),
            "\(found)")
    }

    @Test func passwordTwinsClash() {
        let found = faults(in: minimal + "  password: \(Self.secret)\n  password_file: y\n")
        #expect(
            found == [
                "sidecar.yaml:7:3: 'password_file' in database is another form of 'password'; remove one of the two"
            ])
    }

    @Test func aTwinIsNotReadWhereBothAreGiven() {
        let found = faults(in: minimal + "  password: 5\n  password_file: none\n")
        #expect(found.map { $0.prefix(18) } == ["sidecar.yaml:6:13:", "sidecar.yaml:7:3: "], "\(found)")
    }

    /// Values that are wrong in every way a secret can be.
    @Test(arguments: [
        "[\(secret)]", "{\(secret)}", "{ \(secret): \(secret) }", "{a: \(secret)}", "*\(secret)", "!\(secret) x",
        "&\(secret)", "!!str \(secret)", "\"\(secret)", "'\(secret)", "\"\(secret)\\q\"", "@\(secret)", "%\(secret)",
        "`\(secret)", "a: \(secret)", "|\(secret)", "\"\(secret)\\0\"", "${\(secret)-}", "\"${NONE} \(secret)\"",
        "\"${ \(secret)\"", "[\(secret)", "- \(secret)", "? \(secret)", "\(secret)\n\(secret)",
    ])
    func noMessageShowsASecret(_ value: String) {
        let text = """
            database:
              url: postgresql://a@b/c
              password: \(value)
            router:
              url: ws://a
              realm: r
              auth:
                method: ticket
                authid: a
                ticket: \(value)
            """
        let found = faults(in: text)
        #expect(!found.isEmpty || value.hasPrefix("%"))
        #expect(!found.contains { $0.contains(Self.secret) }, "\(found)")
    }

    @Test func noMessageShowsAURL() {
        let text = """
            router: { url: ["wss://u:\(Self.secret)@h/", "ws://u:\(Self.secret)@h/", ["ws:\(Self.secret)"]], realm: r }
            database: { url: "postgresql://u:\(Self.secret)@h/?nothing=\(Self.secret)" }
            """
        let found = faults(in: text)
        #expect(found.count == 4)
        #expect(!found.contains { $0.contains(Self.secret) }, "\(found)")
    }

    @Test(arguments: [
        "router: ws://u:\(secret)@h", "database: postgresql://u:\(secret)@h/d", "router: { auth: [ticket, \(secret)] }",
        "router: { auth: {ticket, \(secret)} }", "router: { auth: {ticket:\"\(secret)\"} }",
        "router: { auth: { ticket \(secret): x } }", "database: { password=\(secret): }", "log: \(secret)",
        "router: { auth: {\(secret), \(secret)} }", "database: { password: x, password: \(secret) }",
        "router: { auth: { method: \"${SECRET}\" } }", "database: { connections: ${SECRET} }",
        "log: { level: \"${SECRET}\" }",
        "procedures: { com.example.a: { function: f, timeout: \"${SECRET}\" } }", "router: { \(secret)",
        "router: { auth: { method: cryptosign, private_key: \(secret) } }",
        "router: { auth: { method: cryptosign, private_key: \"${SECRET}\" } }",
        "router: { auth: { method: scram, authid: \(secret)\u{301}, secret: \(secret)\u{301} } }",
        "caller: { password: \(secret) }", "admin: \(secret)", "database: { passwort: \(secret) }",
    ])
    func noMessageShowsAMisplacedSecret(_ text: String) {
        let found = faults(in: text, environment: ["SECRET": Self.secret])
        #expect(!found.isEmpty)
        #expect(!found.contains { $0.contains(Self.secret) }, "\(found)")
    }

    /// A file with one octet removed or replaced, anywhere: the secret never appears in a message.
    @Test func noMessageShowsASecretOfADamagedFile() {
        let text = Array(
            """
            router:
              url: ws://127.0.0.1:8080/ws
              realm: realm1
              auth:
                method: ticket
                authid: sidecar
                ticket: \(Self.secret)
            database: { url: "postgresql://wamp@h/app", password: \(Self.secret), connections: 4 }
            procedures:
              com.example.a: public.a

            """.utf8)
        for index in text.indices {
            for replacement in [[]] + "\n\t '\"#&*,-:?[]{}x".utf8.map({ [$0] }) {
                var damaged = text
                damaged.replaceSubrange(index...index, with: replacement)
                let found = faults(in: String(decoding: damaged, as: UTF8.self))
                // The rest of a secret that was itself cut or split is not searched for.
                #expect(!found.contains { $0.contains(Self.secret) }, "\(found)")
            }
        }
    }
}
