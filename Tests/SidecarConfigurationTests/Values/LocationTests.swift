import Testing

@testable import SidecarConfiguration

@Suite struct LocationTests {
    @Test func readingOrder() {
        #expect(Location(line: 2, column: 9) < Location(line: 10, column: 1))
        #expect(Location(line: 2, column: 1) < Location(line: 2, column: 3))
        #expect(Location(line: 12, column: 3).description == "12:3")
    }

    @Test func endOfAText() {
        #expect(Location(endOf: "".utf8) == .start)
        #expect(Location(endOf: "a\näö".utf8) == Location(line: 2, column: 3))
    }
}
