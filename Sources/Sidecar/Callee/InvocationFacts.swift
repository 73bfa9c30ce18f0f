import NIOCore
import WAMP

/// What an INVOCATION's details say that matters here, read in one pass.
struct InvocationFacts {
    private(set) var caller = CallSettings.Caller.undisclosed
    /// The call's own deadline, in the router's unit.
    private(set) var timeout: Int64?
    private(set) var receivesProgress = false

    init(_ details: Details) {
        // The usual `{}`.
        guard details.text.readableBytes > 2 else { return }
        details.forEachMember(of: Self.keys) { index, element in
            switch index {
            case 0: self.caller.session = JSON.integer(of: element).map { "\($0)" }
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

    /// What could not be a setting's value counts as not disclosed.
    private static func text(_ element: JSONElement) -> String? {
        guard element.kind == .string else { return nil }
        let text = JSON.unescape(element)
        return text.utf8.contains(0) ? nil : text
    }
}
