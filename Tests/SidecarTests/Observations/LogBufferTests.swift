import Testing

@testable import Sidecar

@Suite struct LogBufferTests {
    @Test func whatDoesNotFitIsCountedBehindWhatDid() {
        var buffer = LogBuffer(limit: 10)
        #expect(buffer.isEmpty)
        for line in ["12345\n", "123\n", "x\n", "y\n"] { buffer.append(line) }
        #expect(buffer.next() == .line("12345\n"))
        #expect(buffer.next() == .line("123\n"))
        #expect(!buffer.isEmpty)
        #expect(buffer.next() == .dropped(2))
        #expect(buffer.next() == nil)
        #expect(buffer.isEmpty)
        buffer.append("z\n")
        #expect(buffer.next() == .line("z\n"))
        #expect(buffer.isEmpty)
    }
}
