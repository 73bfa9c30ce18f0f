import NIOCore
import Testing

@testable import WAMP

@Suite struct InterruptTests {
    @Test func modes() {
        func mode(_ text: String) -> CancelMode? {
            Interrupt(request: id(1), details: Details(text: ByteBuffer(string: text))).mode
        }
        #expect(mode("{}") == nil)
        #expect(mode(#"{"mode":"kill"}"#) == .kill)
        #expect(mode(#"{"mode":"killnowait"}"#) == .killnowait)
        #expect(mode(#"{"mode":"other"}"#) == nil)
        #expect(mode(#"{"mode":1}"#) == nil)
    }
}
