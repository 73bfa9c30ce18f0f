import NIOCore

/// Messages are slices of what was read from the router, and keep all of it alive: thirty octets that came behind a
/// large message keep the memory of that message.
extension Payload {
    /// The largest block of memory that messages may share.
    package static let mostShared = 128 << 10

    /// A copy in separate memory if the payload keeps more alive than it needs, else the payload itself.
    ///
    /// - Parameter always: copies it even if the shared memory is not large.
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
