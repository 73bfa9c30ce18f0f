import Testing

@testable import SidecarConfiguration

/// Files that are made to exhaust the stack, the memory or the time.
@Suite struct YAMLHostilityTests {
    static let deep = 100_000

    @Test(arguments: ["[", "{a: ", "- ", "? ", "[{", "[a, ", "{? ", "&a [", "[? "])
    func deepNestingIsAFault(_ opening: String) {
        let (document, faults) = YAMLComposerTests.compose(String(repeating: opening, count: Self.deep))
        #expect(document == nil)
        #expect(faults.count == 1)
    }

    @Test func deepNestingThatIsClosedIsAFault() {
        let text = String(repeating: "[", count: Self.deep) + String(repeating: "]", count: Self.deep)
        #expect(YAMLComposerTests.compose(text).faults.count == 1)
    }

    @Test(arguments: ["a:\n", "-\n"])
    func deepIndentationIsAFault(_ line: String) {
        let text = (0..<3000).map { String(repeating: " ", count: $0) + line }.joined()
        #expect(YAMLComposerTests.compose(text).faults.count == 1)
    }

    @Test func aDeepListIsAFaultAtItsPlace() {
        let faults = YAMLComposerTests.compose(String(repeating: "[", count: 100)).faults
        #expect(faults.map(\.problem) == ["this is nested more than 64 levels deep"])
        #expect(faults.map(\.location) == [Location(line: 1, column: 65)])
    }

    @Test func whatIsAllowedIsRead() {
        let text = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(YAMLComposerTests.compose(text).faults.isEmpty)
        #expect(YAMLComposerTests.compose("[\(text)]").faults.count == 1)
    }

    @Test func aliasesDontGetDeeperThanTheirBound() {
        let line = (1..<80).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
        let faults = YAMLComposerTests.compose("a0: &a0 x\n" + line).faults
        #expect(faults.map(\.problem) == ["this is nested more than 64 levels deep"])
    }

    @Test func aBombOfAliasesIsAFault() {
        let lines = (1..<40).map { level in
            "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
        }
        let (document, faults) = YAMLComposerTests.compose("a0: &a0 [x]\n" + lines.joined())
        #expect(document == nil)
        #expect(
            faults.map(\.problem) == ["the file has more than 100000 values, including those that aliases repeat"])
    }

    @Test func aBombOfAliasesInKeysIsAFault() {
        let lines = (1..<40).map { "? &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n: x\n" }
        #expect(YAMLComposerTests.compose("? &a0 [x]\n: x\n" + lines.joined()).faults.count == 1)
    }

    @Test func manyValuesAreAFault() {
        let text = "[" + String(repeating: "a,", count: 100_001) + "]"
        #expect(YAMLComposerTests.compose(text).faults.count == 1)
    }

    @Test func manyDoubledKeysAreBounded() {
        let faults = YAMLComposerTests.compose(String(repeating: "a: 1\n", count: 20_000)).faults
        #expect(faults.count == 1001)
    }

    @Test func hugeScalarsAndKeysAreRead() {
        let huge = String(repeating: "x", count: 1 << 19)
        #expect(YAMLComposerTests.compose("a: \(huge)").faults.isEmpty)
        #expect(YAMLComposerTests.compose("\(huge): a").faults.count == 1)
    }

    /// Each octet of a file removed, doubled, or replaced by one that means something to YAML: never a crash.
    @Test func everyDamageIsSurvived() {
        let text = Array("a: &x [b, 'c', \"d\\n\"]\ne: {f: *x, ? g : h}\n- |\n i\n--- !t\n%Y 1\n... # z\n".utf8)
        let marks = Array("\u{0}\t\n\r !\"#%&'*,-:>?@[]`{|}".utf8) + [0x80, 0xC3, 0xFF]
        for index in text.indices {
            for replacement in [[], [text[index], text[index]]] + marks.map({ [$0] }) {
                var damaged = text
                damaged.replaceSubrange(index...index, with: replacement)
                var composer = YAMLComposer(limits: YAMLLimits())
                let (document, faults) = composer.compose(damaged)
                #expect(document != nil || !faults.isEmpty)
            }
        }
    }
}
