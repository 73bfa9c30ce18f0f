import NIOCore

/// Takes the elements of an array, or the members of an object, one after the other: a peer that sends millions gets no
/// memory for each of them.
package struct JSONCursor {
    private var rest: ByteBuffer
    private let closing: UInt8
    private var isFirst = true

    /// The element or member under the cursor.
    package struct Item {
        /// A member's key; nil for an array's element.
        package let key: JSONElement?
        /// The value.
        package let value: JSONElement
    }

    /// Takes an array or an object; nil for any other value.
    package init?(_ element: JSONElement) {
        switch element.kind {
        case .array: self.closing = UInt8(ascii: "]")
        case .object: self.closing = UInt8(ascii: "}")
        case .null, .bool, .number, .string: return nil
        }
        var rest = element.text
        rest.moveReaderIndex(forwardBy: 1)
        self.rest = rest
    }

    /// The next element or member; nil after the last.
    package mutating func next() throws(JSONError) -> Item? {
        let tokens: Result<Tokens?, JSONError> = self.rest.withUnsafeReadableBytes { bytes in
            guard var scanner = JSONScanner(bytes) else { return .failure(JSONError(.unexpectedEnd, at: 0)) }
            do throws(JSONError) {
                return .success(try self.take(&scanner))
            } catch {
                return .failure(error)
            }
        }
        self.isFirst = false
        guard let tokens = try tokens.get() else { return nil }
        let item = Item(
            key: tokens.key.map { JSON.element(of: $0, in: self.rest) },
            value: JSON.element(of: tokens.value, in: self.rest))
        self.rest.moveReaderIndex(forwardBy: tokens.value.end)
        return item
    }

    private typealias Tokens = (key: JSONScanner.Token?, value: JSONScanner.Token)

    private func take(_ scanner: inout JSONScanner) throws(JSONError) -> Tokens? {
        if self.isFirst {
            if scanner.scanEmpty(closing: self.closing) { return nil }
        } else if try !scanner.scanSeparator(closing: self.closing) {
            return nil
        }
        let key = self.closing == UInt8(ascii: "}") ? try scanner.scanKey() : nil
        return (key, try scanner.scanToken())
    }
}
