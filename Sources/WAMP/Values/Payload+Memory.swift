import NIOCore

/// Messages are slices of what was read from the router, and hold on to all of it: thirty octets that came behind a large message keep
/// that one's memory.
extension Payload {
    /// The largest memory that many messages may share.
    package static let mostShared = 128 << 10

    /// The same in memory of its own, if it holds on to more than it needs.
    ///
    /// - Parameter always: also where what it holds on to is not large.
    package func compacted(always: Bool) -> Payload {
        var payload = self
        payload.arguments = payload.arguments?.compacted(always: always)
        payload.keywordArguments = payload.keywordArguments?.compacted(always: always)
        payload.unreadableText = payload.unreadableText?.compacted(always: always)
        return payload
    }
}

extension Details {
    /// See ``Payload/compacted(always:)``.
    package func compacted(always: Bool) -> Details {
        Details(text: self.text.compacted(always: always))
    }
}

extension ByteBuffer {
    /// See ``Payload/compacted(always:)``.
    fileprivate func compacted(always: Bool) -> ByteBuffer {
        let octets = self.readableBytes
        guard self.storageCapacity > octets + octets / 2 + 64, always || self.storageCapacity > Payload.mostShared
        else {
            return self
        }
        return ByteBuffer(bytes: self.readableBytesView)
    }
}
