import Names
import SidecarConfiguration
import Testing

@Suite struct TestamentTests {
    private func testament(_ text: String, environment: [String: String] = [:]) throws -> TestamentSettings {
        let router = "router: { url: ws://h, realm: r, testament: { \(text) } }"
        return try #require(
            try ConfigurationFile.load(text: "\(router)\n" + RouterTests.database, environment: environment).router
                .testament)
    }

    private func found(_ text: String) -> [String] {
        faults(
            in: "router: { url: ws://h, realm: r, testament: \(text) }\n" + RouterTests.database)
    }

    @Test func noTestament() throws {
        #expect(try ConfigurationFile.load(text: minimal).router.testament == nil)
    }

    @Test func topicAlone() throws {
        let testament = try self.testament("topic: com.example.gone")
        #expect(testament.topic.value.text == "com.example.gone")
        #expect(testament.arguments.isEmpty && testament.keywordArguments.isEmpty)
        #expect(try self.testament("topic: t, args: [], kwargs: {}").arguments.isEmpty)
        #expect(try self.testament("topic: t, kwargs: ").keywordArguments.isEmpty)
    }

    @Test(arguments: [
        ("text", PayloadValue.string("text")), ("\"text\"", .string("text")), ("7", .number("7")),
        ("\"7\"", .string("7")),
        ("-1.5e-3", .number("-1.5e-3")), ("0", .number("0")), ("-0.0", .number("-0.0")), ("1E5", .number("1E5")),
        ("007", .string("007")), ("1.", .string("1.")), (".5", .string(".5")), ("+1", .string("+1")),
        ("1e", .string("1e")),
        ("0x1F", .string("0x1F")), ("1_000", .string("1_000")), ("-x", .string("-x")), (".nan", .string(".nan")),
        ("true", .bool(true)), ("false", .bool(false)), ("\"true\"", .string("true")), ("yes", .string("yes")),
        ("True", .string("True")), ("null", .null), ("~", .null), ("\"\"", .string("")),
        ("[1, [x]]", .list([.number("1"), .list([.string("x")])])),
        ("{ b: 1, a: { c: ~ } }", .object([("b", .number("1")), ("a", .object([("c", .null)]))])),
        ("{}", .object([])), ("\"${A}\"", .string("12")), ("\"${B:-x}y\"", .string("xy")),
    ])
    func values(_ text: String, _ expected: PayloadValue) throws {
        let testament = try self.testament(
            "topic: t, args: [\(text)], kwargs: { k: \(text) }", environment: ["A": "12"])
        #expect(testament.arguments == [expected])
        #expect(testament.keywordArguments.map(\.key) == ["k"])
        #expect(testament.keywordArguments.map(\.value) == [expected])
    }

    @Test func variablesWithoutQuotes() throws {
        let text =
            "router:\n  url: ws://h\n  realm: r\n  testament:\n    topic: t\n    args:\n    - ${A}\n"
            + RouterTests.database
        let settings = try ConfigurationFile.load(text: text, environment: ["A": "12"]).router.testament
        #expect(settings?.arguments == [.number("12")])
    }

    @Test(arguments: [
        ("{}", "'topic' is missing in router.testament"), ("com.a", "a single value where keys are expected"),
        ("{ topic: a..b }", "'topic' in router.testament has an empty component"), ("{ topic: 7 }", "not a text"),
        ("{ topic: wamp.a }", "reserved for routers"), ("{ topic: t, args: x }", "instead of a list"),
        ("{ topic: t, kwargs: [x] }", "instead of a mapping"), ("{ topic: t, argz: [] }", "did you mean 'args'?"),
        ("{ topic: t, args: [\"${NOT_SET}\"] }", "'NOT_SET' is not set"),
        ("{ topic: t, kwargs: { a: [\"${NOT_SET}\"] } }", "'NOT_SET' is not set"),
        ("{ topic: t, args: [\"a\\0\"] }", "contains a NUL"),
    ])
    func faulty(_ text: String, _ problem: String) {
        let found = self.found(text)
        #expect(found.count == 1 && found[0].contains(problem), "\(found)")
    }
}
