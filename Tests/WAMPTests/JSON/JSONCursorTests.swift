import NIOCore
import Testing
import WAMP

@Suite struct JSONCursorTests {
    private func items(_ text: String) throws -> [String]? {
        guard var cursor = JSONCursor(try JSON.element(ByteBuffer(string: text))) else { return nil }
        var items: [String] = []
        while let item = try cursor.next() {
            items.append((item.key.map { JSON.unescape($0) + "=" } ?? "") + String(buffer: item.value.text))
        }
        return items
    }

    @Test func elementsAndMembersComeOneByOne() throws {
        #expect(try self.items("[1, [2,3] ,\"a,]\" , {}]") == ["1", "[2,3]", "\"a,]\"", "{}"])
        #expect(
            try self.items("{ \"a\\u0041\" : [1] ,\"\":null,\"b\" :{\"c\":1}}")
                == ["aA=[1]", "=null", "b={\"c\":1}"])
        #expect(try self.items(" [ ] ") == [])
        #expect(try self.items("{}") == [])
        #expect(try self.items("[]") == [])
        #expect(try self.items("\"[1]\"") == nil)
        #expect(try self.items("3") == nil)
    }
}
