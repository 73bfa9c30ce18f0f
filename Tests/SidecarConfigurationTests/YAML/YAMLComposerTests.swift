import Testing

@testable import SidecarConfiguration

@Suite struct YAMLComposerTests {
    /// A document without its places: scalars in quotes if they had some.
    static func outline(_ node: YAMLNode?) -> String {
        guard let node else { return "-" }
        switch node.content {
        case .scalar(let text, let isPlain): return isPlain ? text : "'\(text)'"
        case .sequence(let nodes): return "[" + nodes.map(Self.outline).joined(separator: ",") + "]"
        case .mapping(let entries):
            return "{" + entries.map { "\($0.key):\(Self.outline($0.value))" }.joined(separator: ",") + "}"
        }
    }

    static func compose(_ text: String, limits: YAMLLimits = YAMLLimits()) -> (document: YAMLNode?, faults: [YAMLFault])
    {
        var composer = YAMLComposer(limits: limits)
        return composer.compose(Array(text.utf8))
    }

    @Test(arguments: [
        ("", "-"), ("# nothing\n", "-"), ("a", "a"), ("'a'", "'a'"), ("\"a\\nb\"", "'a\nb'"), ("a: 1", "{a:1}"),
        ("a: [1, '2', {b: c}]\nd:\n- e\n- f: g\n", "{a:[1,'2',{b:c}],d:[e,{f:g}]}"),
        ("a: &x [1]\nb: *x", "{a:[1],b:[1]}"), ("a: |\n  b\n  c\n", "{a:'b\nc\n'}"), ("a:", "{a:}"),
        ("a: &x 1\nb: &x 2\nc: *x", "{a:1,b:2,c:2}"), ("&k a: 1\nb: *k", "{a:1,b:a}"), ("{}", "{}"),
        ("---\na\n...\n", "a"),
        ("a: ${B:-c}", "{a:${B:-c}}"),
    ])
    func composes(_ text: String, _ expected: String) {
        let (document, faults) = Self.compose(text)
        #expect(Self.outline(document) == expected)
        #expect(faults.isEmpty)
    }

    @Test func knowsPlaces() throws {
        let (document, _) = Self.compose("a:\n  ä: [x, y]\n")
        guard case .mapping(let outer) = try #require(document).content, let first = outer.first,
            case .mapping(let inner) = first.value.content, let second = inner.first,
            case .sequence(let list) = second.value.content
        else {
            Issue.record("another shape")
            return
        }
        #expect(first.location == .start)
        #expect(second.location == Location(line: 2, column: 3))
        #expect(second.value.location == Location(line: 2, column: 6))
        #expect(list.map(\.location) == [Location(line: 2, column: 7), Location(line: 2, column: 10)])
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3", "3:1: key 'a' appears twice, first in line 1"),
        ("a: b: c", "1:5: a ':' is not allowed here"),
        ("a: 'b\nc: d\n", "1:4: the quotes opened here are never closed"),
        ("a: [b\n", "2:1: a ',' or ']' is missing before this place"),
        ("a: {b: c\n", "2:1: a ',' or '}' is missing before this place"),
        ("a:\n\t- b", "2:1: a value can't begin with this character"),
        ("a: @b", "1:4: a value can't begin with this character"),
        ("a: \"\\q\"", "1:5: there is no such escape sequence in double quotes"),
        ("a: 1\n b: 2", "2:3: a ':' is not allowed here"),
        ("a:\n  b: 1\n c: 2", "3:2: a key was expected here"),
        ("a: *b", "1:4: there is no anchor with this alias's name above"),
        ("a: &b [*b]", "1:8: the alias is inside the value that it repeats"),
        ("a: !!str b", "1:4: tags are not supported"),
        ("? [a]\n: b", "1:3: a key must be a plain text here"),
        ("a: &x [1]\n? *x\n: b", "2:3: a key must be a plain text here"),
        ("a: 1\n---\nb: 2", "2:1: a second document begins here"),
        ("a: \u{1}", "1:4: there is a character here that YAML doesn't allow"),
        ("- a\nb: c", "2:1: a '-' was expected here"),
    ])
    func faults(_ text: String, _ expected: String) {
        let faults = Self.compose(text).faults
        #expect(faults.map { "\($0.location): \($0.problem)" } == [expected])
    }

    @Test func everyDoubledKeyIsFound() {
        let (document, faults) = Self.compose("a: 1\na: 2\nb: {c: 1, c: 2}\na: 3")
        #expect(Self.outline(document) == "{a:1,b:{c:1}}")
        #expect(faults.map(\.location.line) == [2, 3, 4])
    }
}
