import NIOCore
import WAMP

/// What an EVENT's details say that matters here, read in one pass.
struct EventFacts {
    /// What it was published to, where the router tells it.
    private(set) var topic: String?
    /// Who published it, as far as that is disclosed, as the router wrote it.
    private(set) var publisher: ByteBuffer?
    private(set) var publisherAuthid: ByteBuffer?
    private(set) var publisherAuthrole: ByteBuffer?
    /// Whether it was retained, as the router wrote it.
    private(set) var retained: ByteBuffer?

    init(_ details: Details) {
        // The usual `{}`.
        guard details.text.readableBytes > 2 else { return }
        details.forEachMember(of: Self.keys) { index, element in
            switch index {
            case 0: self.topic = element.kind == .string ? JSON.unescape(element) : nil
            case 1: self.publisher = Self.text(element)
            case 2: self.publisherAuthid = Self.text(element)
            case 3: self.publisherAuthrole = Self.text(element)
            default: self.retained = Self.text(element)
            }
        }
    }

    private static let keys: [StaticString] = [
        "topic", "publisher", "publisher_authid", "publisher_authrole", "retained",
    ]

    /// What `jsonb` does not take counts as not disclosed.
    private static func text(_ element: JSONElement) -> ByteBuffer? {
        element.containsNUL ? nil : element.text
    }
}
