package import NIOCore

/// What an EVENT's details say that matters here, read in one pass.
package struct EventFacts: Sendable {
    /// What it was published to, where the router tells it.
    package private(set) var topic: String?
    /// Who published it, as far as that is disclosed, as the router wrote it.
    package private(set) var publisher: ByteBuffer?
    /// The name that the publisher logged in as, likewise.
    package private(set) var publisherAuthid: ByteBuffer?
    /// The publisher's role, likewise.
    package private(set) var publisherAuthrole: ByteBuffer?
    /// Whether it was retained, as the router wrote it.
    package private(set) var retained: ByteBuffer?

    /// Reads them.
    package init(_ details: Details) {
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
