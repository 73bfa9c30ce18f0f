import NIOCore

/// Messages are slices of what was read from the router, and keep all of it alive: thirty octets that came behind a
/// large message keep the memory of that message.
extension Payload {
    /// The largest block of memory that messages may share.
    package static let mostShared = 128 << 10

    /// Gets separate memory if the payload keeps more alive than it needs.
    ///
    /// - Parameter always: even if the shared memory is not large.
    package mutating func compact(always: Bool) {
        self.arguments?.compact(always: always)
        self.keywordArguments?.compact(always: always)
        self.unreadableText?.compact(always: always)
    }
}

extension Details {
    /// See ``Payload/compact(always:)``.
    package mutating func compact(always: Bool) {
        guard !self.isEmpty else { return self = .empty }
        self.text.compact(always: always)
    }
}

extension ByteBuffer {
    /// See ``Payload/compact(always:)``.
    fileprivate mutating func compact(always: Bool) {
        let octets = self.readableBytes
        guard always || self.storageCapacity > Payload.mostShared, self.storageCapacity > octets + octets / 2 + 64
        else { return }
        self = ByteBuffer(bytes: self.readableBytesView)
    }
}
