import NIOCore
import SidecarConfiguration
import Testing
import WAMP

@testable import Sidecar

@Suite struct PayloadSettingsTests {
    @Test(arguments: [
        (PayloadValue.null, "null"), (.bool(true), "true"), (.bool(false), "false"), (.number("-1.5e3"), "-1.5e3"),
        (.string("a\"b\n"), #""a\"b\n""#), (.list([]), "[]"), (.list([.number("1"), .list([.null])]), "[1,[null]]"),
        (.object([]), "{}"), (.object([("b", .number("1")), ("a\"", .object([]))]), #"{"b":1,"a\"":{}}"#),
    ])
    func isJSON(_ value: PayloadValue, _ expected: String) throws {
        var buffer = ByteBuffer()
        JSON.write(value, into: &buffer)
        #expect(String(buffer: buffer) == expected)
        _ = try JSON.validate(buffer)
    }
}
