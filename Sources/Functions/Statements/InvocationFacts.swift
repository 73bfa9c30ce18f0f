import NIOCore
package import WAMP

/// The relevant facts of an INVOCATION's details, read in one pass.
package struct InvocationFacts {
    /// The caller.
    package private(set) var caller = Caller.undisclosed
    /// The call's own deadline, in the router's unit.
    package private(set) var timeout: Int64?
    /// Whether the caller takes progressive results.
    package private(set) var receivesProgress = false

    /// Reads the details.
    package init(_ details: Details) {
        // The usual `{}`.
        guard details.text.readableBytes > 2 else { return }
        details.forEachMember(of: Self.keys) { index, element in
            switch index {
            case 0: self.caller.session = Self.number(element)
            case 1: self.caller.authid = Self.text(element)
            case 2: self.caller.authrole = Self.text(element)
            case 3: self.caller.procedure = Self.text(element)
            case 4: self.timeout = JSON.integer(of: element)
            default:
                self.receivesProgress =
                    element.kind == .bool && element.text.readableBytesView.first == UInt8(ascii: "t")
            }
        }
    }

    private static let keys: [StaticString] = [
        "caller", "caller_authid", "caller_authrole", "procedure", "timeout", "receive_progress",
    ]

    /// A session's id as text, if it is an integer.
    private static func number(_ element: JSONElement) -> ByteBuffer? {
        guard let number = JSON.integer(of: element) else { return nil }
        let isPlain = element.text.withUnsafeReadableBytes { octets in
            octets.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        return isPlain ? element.text : ByteBuffer(string: "\(number)")
    }

    /// A text that is not possible as the value of a setting counts as not disclosed.
    private static func text(_ element: JSONElement) -> ByteBuffer? {
        guard element.kind == .string, !element.containsNUL else { return nil }
        guard element.isEscaped else {
            return element.text.getSlice(at: element.text.readerIndex + 1, length: element.text.readableBytes - 2)
        }
        return ByteBuffer(string: JSON.unescape(element))
    }
}
