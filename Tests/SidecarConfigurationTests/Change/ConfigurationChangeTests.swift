import Names
import TestFolders
import Testing

@testable import SidecarConfiguration

/// What differs between two files, for each key there is.
@Suite struct ConfigurationChangeTests {
    /// A file of flow sections: those that are given, and what has to be said.
    private static func file(_ sections: [String: String], lines: Int = 0, folder: String = ".") throws -> Configuration
    {
        var sections = sections
        let router = "url: 'wss://router.example.com/ws', realm: realm1"
        if sections["router"]?.contains("url:") != true {
            sections["router"] = [router, sections["router"]].compactMap(\.self).joined(separator: ", ")
        }
        if sections["database"]?.contains("url:") != true {
            sections["database"] = ["url: 'host=db'", sections["database"]].compactMap(\.self).joined(separator: ", ")
        }
        for (port, number) in [("caller", 7432), ("admin", 9632)] {
            guard let section = sections[port], !section.contains("listen:") else { continue }
            sections[port] = "listen: '127.0.0.1:\(number)', \(section)"
        }
        let scalars = ["shutdown_timeout", "reload"]
        let text = sections.sorted { $0.key < $1.key }.map {
            scalars.contains($0.key) ? "\($0.key): \($0.value)\n" : "\($0.key): { \($0.value) }\n"
        }
        return try ConfigurationFile.load(
            text: String(repeating: "#\n", count: lines) + text.joined(), folder: folder, environment: [:])
    }

    private static func change(
        _ old: [String: String], _ new: [String: String], folder: String = "."
    ) throws -> ConfigurationChange {
        ConfigurationChange(from: try self.file(old, folder: folder), to: try self.file(new, folder: folder))
    }

    /// A key, and two values of its; nil: it is not there.
    private static let settings: [(key: String, old: String?, new: String?)] = [
        ("router.url", "url: 'wss://a.example.com/ws', realm: realm1", "url: 'wss://b.example.com/ws', realm: realm1"),
        (
            "router.realm", "url: 'wss://a.example.com/ws', realm: realm1",
            "url: 'wss://a.example.com/ws', realm: realm2"
        ),
        ("router.serializers", nil, "serializers: [cbor]"),
        (
            "router.auth", "auth: { method: ticket, authid: a, ticket: x }",
            "auth: { method: ticket, authid: a, ticket: y }"
        ),
        ("router.auth", "auth: { method: anonymous, authid: a }", "auth: { method: anonymous, authid: b }"),
        ("router.tls", "tls: { minimum: '1.2' }", "tls: { minimum: '1.3' }"),
        ("router.headers", nil, "headers: { X-Gateway: a }"),
        ("router.proxy", nil, "proxy: 'http://proxy.example.com:3128'"),
        ("router.ping", "ping: true", "ping: false"),
        ("router.call_timeout_unit", nil, "call_timeout_unit: ignore"),
        ("router.testament", "testament: { topic: com.example.a }", "testament: { topic: com.example.b }"),
        (
            "router.testament", "testament: { topic: com.example.a, args: [1] }",
            "testament: { topic: com.example.a, args: [2] }"
        ),
        (
            "router.testament", "testament: { topic: com.example.a, kwargs: { a: 1 } }",
            "testament: { topic: com.example.a, kwargs: { b: 1 } }"
        ),
        ("router.testament", nil, "testament: { topic: com.example.b }"),
        ("router.insecure", nil, "insecure: true"),
        ("database.url", "url: 'host=db'", "url: 'host=other'"),
        ("database.url", "url: 'host=db', password: a", "url: 'host=db', password: b"),
        ("database.connections", "connections: 4", "connections: 5"),
        ("database.pipeline", nil, "pipeline: 1"),
        ("database.queue", nil, "queue: 1"),
        ("database.queue_timeout", nil, "queue_timeout: 1s"),
        ("database.on_database_loss", nil, "on_database_loss: unregister"),
        ("database.schema", nil, "schema: other"),
        ("database.schema", "schema: 'caf\u{E9}'", "schema: 'cafe\u{301}'"),
        ("database.grant_to", "grant_to: [a]", "grant_to: [a, b]"),
        ("database.grant_to", "grant_to: ['\u{E9}']", "grant_to: ['e\u{301}']"),
        ("database.register_to", nil, "register_to: []"),
        ("caller.listen", "listen: '127.0.0.1:1'", "listen: '127.0.0.1:2'"),
        ("caller.connect", nil, "connect: 'host=sidecar port=1'"),
        ("caller.connect", "connect: 'host=sidecar port=1'", "connect: 'host=sidecar port=2'"),
        ("caller.password", "password: a", "password: b"),
        ("caller.status_password", nil, "status_password: b"),
        ("caller.timeout", nil, "timeout: 1s"),
        ("caller.sessions", nil, "sessions: 7"),
        ("caller.insecure", nil, "insecure: true"),
        ("caller.allow_meta", nil, "allow_meta: true"),
        ("admin.listen", "listen: '127.0.0.1:1'", "listen: '127.0.0.1:2'"),
        ("admin.pages", nil, "pages: [health]"),
        ("admin.password", "password: a", "password: b"),
        ("admin.stuck_after", nil, "stuck_after: 2m"),
        ("admin.insecure", nil, "insecure: true"),
        ("outbox.event_id", nil, "event_id: id"),
        ("outbox.batch", nil, "batch: 7"),
        ("outbox.acknowledge_timeout", nil, "acknowledge_timeout: 7s"),
        ("outbox.attempts", nil, "attempts: 7"),
        ("dead_letter.keep", nil, "keep: 7d"),
        ("shutdown_timeout", "8s", "7s"),
        ("log.level", nil, "level: debug"),
        ("log.format", nil, "format: json"),
        ("log.slow", nil, "slow: 500ms"),
        ("log.slow", "slow: 500ms", "slow: 501ms"),
        ("reload", "watch", "signal"),
    ]

    @Test func everySetting() throws {
        for (key, old, new) in Self.settings {
            let section = String(key.prefix { $0 != "." })
            // The section is there in both, so that nothing else differs.
            let (old, new) = (old ?? "", new ?? "")
            let isPort = ["caller", "admin"].contains(section)
            let change = try Self.change(
                old.isEmpty && !isPort ? [:] : [section: old], new.isEmpty && !isPort ? [:] : [section: new])
            let refused = change.refused.compactMap { $0.problem.split(separator: " ").first.map(String.init) }
            #expect(change.atOnce + change.newSessions + refused == [key], "\(key)")
            #expect(change.procedures.count + change.subscriptions.count + change.notifications.count == 0)
            let same = try Self.change(
                new.isEmpty && !isPort ? [:] : [section: new], new.isEmpty && !isPort ? [:] : [section: new])
            #expect(same.atOnce + same.newSessions == [] && same.refused.isEmpty, "\(key)")
        }
    }

    /// Every key of the file has a row.
    @Test func nothingIsForgotten() {
        let names = Set(SingleSetting.all.map(\.name))
        let sections: [(String, KeyTable)] = [
            ("router", .router), ("database", .database), ("caller", .caller), ("admin", .admin), ("outbox", .outbox),
            ("dead_letter", .deadLetter), ("log", .log),
        ]
        for (section, table) in sections {
            for key in table.now {
                let key = key.hasSuffix("_file") ? String(key.dropLast(5)) : key
                let name = "\(section).\(key)"
                #expect(names.contains(name == "database.password" ? "database.url" : name), "\(name)")
            }
        }
        let mapped = ["procedures", "subscriptions", "notifications"]
        for key in KeyTable.file.now where !mapped.contains(key) {
            #expect(names.contains(key) || sections.contains { $0.0 == key }, "\(key)")
        }
        #expect(names.subtracting(Self.settings.map(\.key)) == ["caller.tls", "admin.tls"])
    }

    @Test func whatNeedsARestartNamesItsLine() throws {
        let old = try Self.file(["caller": ""])
        let new = try Self.file(["caller": "listen: '127.0.0.1:1'", "database": "schema: other"], lines: 3)
        let change = ConfigurationChange(from: old, to: new)
        #expect(
            change.refused.map { "\($0)" } == [
                "sidecar.yaml:5:37: database.schema is another one than the sidecar runs with; "
                    + "restart the sidecar, or set it back",
                "sidecar.yaml:4:19: caller.listen is another one than the sidecar runs with; "
                    + "restart the sidecar, or set it back",
            ])
        let gone = ConfigurationChange(from: old, to: try Self.file([:]))
        #expect(gone.refused.map(\.location) == [.start])
    }

    @Test func newCertificates() throws {
        let folder = TemporaryFolder()
        let certificates = try ["client.pem", "client.key", "ca.pem"].map {
            try TextFile.read("\(CertificateFolder.path)/\($0)", limit: 1 << 16)
        }
        try folder.write("a.pem", certificates[0])
        try folder.write("a.key", certificates[1])
        try folder.write("ca.pem", certificates[2])
        let sections = [
            "router": "tls: { ca_file: ca.pem }", "caller": "tls: { certificate_file: a.pem, key_file: a.key }",
        ]
        let old = try Self.file(sections, folder: folder.path)
        #expect(old.files.map(\.path).sorted() == ["a.key", "a.pem", "ca.pem"].map { "\(folder.path)/\($0)" })
        #expect(old.files.map(\.now) == old.files)
        let same = ConfigurationChange(from: old, to: try Self.file(sections, folder: folder.path))
        #expect(same.newSessions == [])
        try folder.write("a.pem", certificates[0] + Array("\n".utf8))
        try folder.write("ca.pem", certificates[2] + Array("\n".utf8))
        let changed = ConfigurationChange(from: old, to: try Self.file(sections, folder: folder.path))
        #expect(changed.newSessions == ["router.tls"])
        #expect(changed.atOnce == ["caller.tls"])
        let gone = ConfigurationChange(from: old, to: try Self.file(["caller": ""], folder: folder.path))
        #expect(gone.newSessions == ["router.tls", "caller.tls"])
        #expect(old.files.map(\.now) != old.files)
    }

    // MARK: - Mappings

    /// A key of a procedure, and what it is with another value; of them `function` has one by itself.
    private static let procedureKeys = [
        "function": "function: b", "sql": "sql: select 1", "invoke": "function: a, invoke: random",
        "concurrency": "function: a, concurrency: 2",
        "announce_concurrency": "function: a, concurrency: 3, invoke: roundrobin, announce_concurrency: true",
        "force_reregister": "function: a, force_reregister: true",
        "disclose_caller": "function: a, disclose_caller: true", "timeout": "function: a, timeout: 7s",
        "role": "function: a, role: r", "roles": "function: a, roles: { x: r }",
        "convention": "function: a, convention: raw", "results": "function: a, results: rows",
        "max_rows": "function: a, max_rows: 7", "max_result_bytes": "function: a, max_result_bytes: 7KiB",
        "bigint": "function: a, bigint: string", "errors": "function: a, errors: terse",
        "retries": "function: a, retries: 7",
    ]

    private static let subscriptionKeys = [
        "retained": "function: a, retained: true", "concurrency": "function: a, concurrency: 7",
        "timeout": "function: a, timeout: 7s", "role": "function: a, role: r", "retries": "function: a, retries: 7",
        "convention": "function: a, convention: raw",
    ]

    private static let notificationKeys = [
        "publish": "publish: com.example.b", "call": "call: com.example.a",
        "result": "call: com.example.a, result: f", "timeout": "call: com.example.a, timeout: 7s",
    ]

    private static let publishOptions = [
        "acknowledge": "true", "exclude_me": "false", "disclose_me": "true", "retain": "true", "exclude": "[1]",
        "exclude_authid": "[a]", "exclude_authrole": "[a]", "eligible": "[1]", "eligible_authid": "[a]",
        "eligible_authrole": "[a]",
    ]

    @Test func everyKeyOfAProcedure() throws {
        #expect(Set(Self.procedureKeys.keys).union(["match"]) == Set(KeyTable.procedure.now))
        let old = ["procedures": "com.example.x: { function: a }, com.example.y: a"]
        for (key, text) in Self.procedureKeys {
            let change = try Self.change(old, ["procedures": "com.example.y: a, com.example.x: { \(text) }"]).procedures
            #expect(change.changed.map(\.uri.text) == ["com.example.x"], "\(key)")
            #expect(change.removed.isEmpty && change.added.isEmpty, "\(key)")
        }
        let match = try Self.change(old, ["procedures": "com.example.x: { function: a, match: prefix }"]).procedures
        #expect(match.removed.map(\.uri.text) == ["com.example.x", "com.example.y"])
        #expect(match.added.map(\.uri.text) == ["com.example.x"] && match.changed.isEmpty)
    }

    @Test func everyKeyOfASubscription() throws {
        #expect(Set(Self.subscriptionKeys.keys).union(["match", "function"]) == Set(KeyTable.subscription.now))
        let old = ["subscriptions": "com.example.x: { function: a }"]
        for (key, text) in Self.subscriptionKeys {
            let change = try Self.change(old, ["subscriptions": "com.example.x: { \(text) }"]).subscriptions
            #expect(change.changed.map(\.topic.text) == ["com.example.x"], "\(key)")
        }
        // Another function is another subscription: what has come for the one is not for the other.
        let other = try Self.change(old, ["subscriptions": "com.example.x: { function: b }"]).subscriptions
        #expect(other.removed.map(\.function.value.text) == ["a"])
        #expect(other.added.map(\.function.value.text) == ["b"])
    }

    @Test func everyKeyOfANotification() throws {
        #expect(Set(Self.notificationKeys.keys).union(["options"]) == Set(KeyTable.notification.now))
        #expect(Set(Self.publishOptions.keys) == Set(KeyTable.publishOptions.now))
        let plain = "publish: com.example.a"
        var texts = Self.notificationKeys
        for (key, value) in Self.publishOptions { texts[key] = "\(plain), options: { \(key): \(value) }" }
        for (key, text) in texts {
            let change = try Self.change(["notifications": "x: { \(plain) }"], ["notifications": "x: { \(text) }"])
            #expect(change.notifications.changed.map(\.channel) == ["x"], "\(key)")
        }
        let result = try Self.change(
            ["notifications": "x: { call: com.example.a, result: f }"],
            ["notifications": "x: { call: com.example.a, result: g }"])
        #expect(result.notifications.changed.count == 1)
    }

    @Test func whatOnlyMovedIsNoOther() throws {
        let sections = [
            "procedures": "com.example.x: { function: a, roles: { x: r }, concurrency: 2 }",
            "subscriptions": "com.example.y: { function: a, role: r }",
            "notifications": "x: { call: com.example.a, result: f }, y: { publish: 'com.example.{id}' }",
        ]
        let change = ConfigurationChange(from: try Self.file(sections), to: try Self.file(sections, lines: 2))
        #expect(change.procedures.count + change.subscriptions.count + change.notifications.count == 0)
        #expect(change.procedures.moved.map(\.location.line) == [5])
        #expect(change.subscriptions.moved.map(\.location.line) == [7])
        #expect(change.notifications.moved.map(\.location.line) == [4, 4])
        #expect(change.atOnce + change.newSessions == [] && change.refused.isEmpty)
    }
}
