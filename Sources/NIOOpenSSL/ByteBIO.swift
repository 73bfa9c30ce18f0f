internal import COpenSSL
import NIOCore

/// The lowest layer: the memory from which OpenSSL reads ciphertext, and to which it writes it. It moves bytes and
/// knows nothing else.
///
/// Owned by the connection, whose `SSL` holds the BIO: it outlives the BIO. On the connection's event loop.
final class ByteBIO {
    /// The peer's octets that were not read yet.
    var input = ByteBuffer()
    /// The octets for the peer.
    var output = ByteBuffer()

    /// Made once and never changed, so all threads may use it.
    private nonisolated(unsafe) static let method: OpaquePointer? = unsafe ByteBIO.makeMethod()

    /// A BIO that reads and writes this memory; the caller owns it. Nil if there is no memory.
    func makeBIO() -> OpaquePointer? {
        guard let method = unsafe Self.method, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    private static func makeMethod() -> OpaquePointer? {
        guard let method = unsafe wamp_tls_new_bio_method() else { return nil }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in
            guard let bio = unsafe bio, let bytes = unsafe bytes, let owner = unsafe ByteBIO.owner(bio), count > 0
            else {
                return 0
            }
            unsafe wamp_tls_clear_retry(bio)
            unsafe owner.output.writeBytes(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            return count
        }
        unsafe BIO_meth_set_read(method) { bio, target, count in
            guard let bio = unsafe bio, let target = unsafe target, let owner = unsafe ByteBIO.owner(bio), count > 0
            else {
                return 0
            }
            unsafe wamp_tls_clear_retry(bio)
            let taken = unsafe owner.read(into: UnsafeMutableRawBufferPointer(start: target, count: Int(count)))
            guard taken > 0 else {
                // Never reports the end: the handler deals with a peer that has closed.
                unsafe wamp_tls_retry_read(bio)
                return -1
            }
            return Int32(taken)
        }
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in wamp_tls_is_flush(command) }
        return unsafe method
    }

    private static func owner(_ bio: OpaquePointer) -> ByteBIO? {
        unsafe BIO_get_data(bio).map { unsafe Unmanaged<ByteBIO>.fromOpaque($0).takeUnretainedValue() }
    }

    private func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(target.count, self.input.readableBytes)
        unsafe self.input.withUnsafeReadableBytes { source in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(count)))
        }
        self.input.moveReaderIndex(forwardBy: count)
        return count
    }
}
