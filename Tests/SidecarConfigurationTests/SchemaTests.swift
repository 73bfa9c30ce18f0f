import Names
import Testing

@testable import SidecarConfiguration

/// `docs/sidecar.schema.json` and the reader say the same. JSON is YAML, so the reader's own parser reads the schema.
@Suite struct SchemaTests {
    struct Missing: Error {}

    /// The schema, or a part of it.
    struct Part {
        let node: YAMLNode

        var entries: [YAMLEntry] { Section.entries(of: self.node) ?? [] }
        var keys: [String] { self.entries.map(\.key) }

        var list: [Part] {
            guard case .sequence(let nodes) = self.node.content else { return [] }
            return nodes.map { Part(node: $0) }
        }

        var text: String? {
            guard case .scalar(let text, _) = self.node.content else { return nil }
            return text
        }

        func find(_ key: String) -> Part? {
            self.entries.first { $0.key == key }.map { Part(node: $0.value) }
        }

        func at(_ path: String...) throws -> Part {
            var part = self
            for key in path {
                guard let next = part.find(key) else { throw Missing() }
                part = next
            }
            return part
        }

        /// The words of an `enum` that may stand beside a variable.
        var words: [String]? {
            self.find("anyOf")?.list.compactMap { $0.find("enum") }.first?.list.compactMap(\.text)
        }
    }

    let schema: Part

    init() throws {
        let (document, faults) = YAMLComposerTests.compose(try projectFile("docs/sidecar.schema.json"))
        #expect(faults.isEmpty)
        self.schema = Part(node: try #require(document))
    }

    /// The part of the schema that describes a section.
    func part(_ name: String) throws -> Part {
        name == "file" ? self.schema : try self.schema.at("definitions", name)
    }

    static let sections: [(String, KeyTable)] = [
        ("file", .file), ("router", .router), ("router_tls", .routerTLS), ("testament", .testament),
        ("auth", .authentication),
        ("database", .database),
        ("procedure", .procedure), ("subscription", .subscription), ("notification", .notification),
        ("publish_options", .publishOptions), ("caller", .caller), ("caller_tls", .callerTLS), ("outbox", .outbox),
        ("dead_letter", .deadLetter), ("admin", .admin), ("admin_tls", .adminTLS), ("log", .log),
    ]

    @Test func sectionsHaveTheSameKeys() throws {
        for (name, keys) in Self.sections {
            let part = try self.part(name)
            #expect(try part.at("properties").keys == keys.now, "\(name)")
            #expect(part.find("additionalProperties")?.text == "false", "\(name)")
        }
    }

    @Test func requiredKeysAreTheSame() throws {
        let places = ["file": ("{}", "at the top level"), "router": ("router: {}", "in router")]
            .merging(
                [
                    "testament": ("router: { testament: {} }", "in router.testament"),
                    "database": ("database: {}", "in database"), "auth": ("router: { auth: {} }", "in router.auth"),
                    "caller": ("caller: {}", "in caller"), "caller_tls": ("caller: { tls: {} }", "in caller.tls"),
                    "admin": ("admin: {}", "in admin"), "admin_tls": ("admin: { tls: {} }", "in admin.tls"),
                    "subscription": ("subscriptions: { a: {} }", "in subscription 'a'"),
                ]) { $1 }
        for (name, _) in Self.sections {
            let required = try self.part(name).find("required")?.list.compactMap(\.text) ?? []
            guard let (text, place) = places[name] else {
                #expect(required.isEmpty, "\(name)")
                continue
            }
            let missing = faults(in: text).filter { $0.contains("is missing \(place);") }
            #expect(missing.compactMap { $0.split(separator: "'").dropFirst().first.map(String.init) } == required)
        }
    }

    @Test func wordsAreTheSame() throws {
        func words<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> [String] {
            Choice.allCases.map(\.rawValue)
        }
        let choices: [(String, String, [String])] = [
            ("auth", "method", words(AuthenticationSettings.Method.self)),
            ("auth", "channel_binding", words(AuthenticationSettings.ChannelBinding.self)),
            ("router", "call_timeout_unit", words(RouterSettings.CallTimeoutUnit.self)),
            ("router_tls", "minimum", words(RouterTLSSettings.Minimum.self)),
            ("router_tls", "verify", words(RouterTLSSettings.Verify.self)),
            ("database", "on_database_loss", words(DatabaseSettings.OnDatabaseLoss.self)),
            ("procedure", "match", words(MatchPolicy.self)),
            ("procedure", "invoke", words(InvocationPolicy.self)),
            ("procedure", "convention", words(ProcedureMapping.Convention.self)),
            ("procedure", "results", words(ProcedureMapping.Results.self)),
            ("procedure", "bigint", words(ProcedureMapping.Bigint.self)),
            ("procedure", "errors", words(ProcedureMapping.Errors.self)),
            ("subscription", "match", words(MatchPolicy.self)),
            ("subscription", "convention", words(ProcedureMapping.Convention.self)),
            ("log", "level", words(LogSettings.Level.self)), ("log", "format", words(LogSettings.Format.self)),
        ]
        for (section, key, expected) in choices {
            #expect(try self.part(section).at("properties", key).words == expected, "\(section).\(key)")
        }
        #expect(
            try self.part("router").at("properties", "serializers", "items").words
                == words(RouterSettings.Serializer.self))
        #expect(
            try self.part("admin").at("properties", "pages", "items").words == words(AdminSettings.Page.self))
        // No other key has words.
        var count = 0
        for (name, _) in Self.sections {
            count += try self.part(name).at("properties").entries.filter { Part(node: $0.value).words != nil }.count
        }
        #expect(count == choices.count)
    }

    /// Writing a key's default changes nothing.
    @Test func defaultsAreTheSame() throws {
        func values(_ text: String) throws -> String {
            var result = ""
            dump(try ConfigurationFile.load(text: text), to: &result)
            return result.split(separator: "\n").filter {
                !$0.contains("line: ") && !$0.contains("column: ") && !$0.contains("0x")
            }
            .joined(separator: "\n")
        }
        let bases = [
            "file": "", "router": "router: { url: \"ws://u\", realm: r",
            "auth": "router: { url: \"ws://u\", realm: r, auth: {",
            "router_tls": "router: { url: \"wss://u\", realm: r, tls: {",
            "database": "database: { url: dbname=u", "procedure": "procedures: { a: { function: f",
            "subscription": "subscriptions: { t: { function: f", "caller": "caller: { listen: \"127.0.0.1:7432\"",
            "outbox": "outbox: {", "dead_letter": "dead_letter: {",
            "admin": "admin: { listen: \"127.0.0.1:9632\"",
            "notification": "notifications: { c: { call: p",
            "publish_options": "notifications: { c: { publish: t, options: {", "log": "log: {",
        ]
        var count = 0
        for (name, _) in Self.sections {
            for entry in try self.part(name).at("properties").entries {
                guard let value = Part(node: entry.value).find("default") else { continue }
                let base = try #require(bases[name])
                let braces = String(repeating: " }", count: base.count { $0 == "{" })
                let comma = base.hasSuffix("{") || base.isEmpty ? "" : ", "
                let written = value.text ?? "[\(value.list.compactMap(\.text).joined(separator: ", "))]"
                let missing =
                    (base.contains("router") ? "" : "\nrouter: { url: \"ws://u\", realm: r }")
                    + (base.contains("database") ? "" : "\ndatabase: { url: dbname=u }")
                #expect(
                    try values(base + comma + "\(entry.key): \(written)" + braces + missing)
                        == values(base + braces + missing), "\(name).\(entry.key)")
                count += 1
            }
        }
        #expect(count == 46)
    }

    @Test func boundsOfNumbersAreTheSame() throws {
        for (name, before, after) in [
            ("database", "database: { url: dbname=u, ", " }"),
            ("procedure", "procedures: { a: { function: f, ", " } }"),
            ("subscription", "subscriptions: { a: { function: f, ", " } }"),
            ("caller", "caller: { listen: \"[::1]:1\", ", " }"), ("outbox", "outbox: { ", " }"),
        ] {
            for entry in try self.part(name).at("properties").entries {
                let types = Part(node: entry.value).find("anyOf")?.list ?? []
                guard let type = types.first(where: { $0.find("type")?.text == "integer" }) else { continue }
                let least = try #require(Int(try type.at("minimum").text ?? ""))
                let most = try #require(Int(try type.at("maximum").text ?? ""))
                for (value, isFine) in [(least, true), (most, true), (least - 1, false), (most + 1, false)] {
                    let found = faults(in: "\(before)\(entry.key): \(value)\(after)").filter { $0.contains(entry.key) }
                    #expect(found.isEmpty == isFine, "\(entry.key): \(found)")
                }
            }
        }
    }

    @Test func patternsAreTheSame() throws {
        let duration = try Regex(try #require(try self.schema.at("definitions", "duration", "pattern").text))
        for text in ["500ms", "2s", "5m", "1h", "30d", "5", "5 s", "1.5s", "5S", "s", "", "-1s"] {
            #expect((text.firstMatch(of: duration) != nil) == (Quantities.duration(text) != nil), "\(text)")
        }
        let size = try Regex(try #require(try self.schema.at("definitions", "size", "pattern").text))
        for text in ["1B", "8MiB", "64KiB", "1GiB", "1KB", "1MB", "1GB", "8", "8M", "8mib", "8 MiB", ""] {
            #expect((text.firstMatch(of: size) != nil) == (Quantities.size(text) != nil), "\(text)")
        }
        let url = try #require(
            try self.part("router").at("properties", "url", "anyOf").list.first?.find("pattern")?.text)
        for scheme in ["ws", "wss", "rs", "rss", "ws+unix", "rs+unix"] {
            #expect("\(scheme)://h".firstMatch(of: try Regex(url)) != nil)
        }
        for scheme in ["http", "wss+unix", "tcp"] {
            #expect("\(scheme)://h".firstMatch(of: try Regex(url)) == nil)
        }
    }
}
