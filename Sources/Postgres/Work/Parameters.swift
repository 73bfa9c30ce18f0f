package import NIOCore

/// The values of one execution of a statement, in PostgreSQL's text format.
///
/// They lie in one buffer, each as an `Int32` length (-1 is NULL), the bytes, and a zero byte. So libpq can get
/// pointers into the buffer, and a call costs one allocation for any number of parameters. A value is copied only once,
/// into this buffer.
///
/// A value must not contain a zero byte: in text format libpq would take it for the end. The code that appends must
/// ensure that.
package struct Parameters: Sendable, Equatable {
    /// The number of values appended so far: the next one is `$count + 1`.
    package private(set) var count = 0
    private var buffer: ByteBuffer

    private static let null: Int32 = -1

    /// No values.
    package init() {
        self.buffer = ByteBuffer()
    }

    /// No values, with room for values of this many bytes in all.
    ///
    /// - Parameters:
    ///   - bytes: the sum of the sizes of the values to come.
    ///   - count: the number of values to come.
    package init(bytes: Int, count: Int) {
        self.buffer = ByteBufferAllocator().buffer(capacity: bytes + count * (MemoryLayout<Int32>.size + 1))
    }

    /// Appends NULL.
    package mutating func appendNull() {
        buffer.writeInteger(Parameters.null)
        count += 1
    }

    /// Appends the readable bytes of `text`.
    package mutating func append(_ text: ByteBuffer) {
        unsafe text.withUnsafeReadableBytes { bytes in unsafe append(bytes) }
    }

    /// Appends a string.
    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes in unsafe append(UnsafeRawBufferPointer(bytes)) }
    }

    /// Appends a constant.
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes in unsafe append(UnsafeRawBufferPointer(bytes)) }
    }

    /// Length, bytes and zero at once: this runs for each value of each call.
    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let header = MemoryLayout<Int32>.size
        let size = header + bytes.count + 1
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            // The server accepts at most 1 GB in a message; a longer length is only clamped.
            unsafe target.storeBytes(of: Int32(clamping: bytes.count).bigEndian, as: Int32.self)
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[header...]).copyMemory(from: bytes)
            unsafe target.storeBytes(of: 0, toByteOffset: size - 1, as: UInt8.self)
            return size
        }
        count += 1
    }

    /// Appends one value that `write` puts at the end of its buffer, without a copy in between.
    ///
    /// `write` must only write at the end. If it throws, nothing is appended.
    package mutating func append<Failure: Error>(
        writing write: (inout ByteBuffer) throws(Failure) -> Void
    ) throws(Failure) {
        let start = buffer.writerIndex
        buffer.writeInteger(Int32(0))
        let first = buffer.writerIndex
        do throws(Failure) {
            try write(&buffer)
        } catch {
            buffer.moveWriterIndex(to: start)
            throw error
        }
        // libpq sends the length of a value as an Int32, and the server accepts at most 1 GB in a message.
        buffer.setInteger(Int32(clamping: buffer.writerIndex - first), at: start)
        buffer.writeInteger(UInt8(0))
        count += 1
    }

    /// The number of bytes of all values, as a measure of the resulting message.
    package var byteCount: Int {
        buffer.readableBytes
    }

    /// Calls `body` with the addresses of the values (nil for NULL), each zero-terminated, and their lengths, as
    /// `PQsendQueryPrepared` needs them. The pointers are valid until `body` returns.
    package func withValues<Result>(
        _ body: (
            _ values: UnsafeBufferPointer<UnsafePointer<CChar>?>, _ lengths: UnsafeBufferPointer<Int32>
        ) throws -> Result
    ) rethrows -> Result {
        try unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
            try unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { lengths in
                try unsafe buffer.withUnsafeReadableBytes { bytes in
                    var offset = 0
                    for index in 0..<count {
                        let length = unsafe Int32(
                            bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
                        offset += MemoryLayout<Int32>.size
                        if length < 0 {
                            unsafe values.initializeElement(at: index, to: nil)
                            unsafe lengths.initializeElement(at: index, to: 0)
                        } else {
                            let value = unsafe bytes.baseAddress?.advanced(by: offset)
                            unsafe values.initializeElement(
                                at: index, to: value?.assumingMemoryBound(to: CChar.self))
                            unsafe lengths.initializeElement(at: index, to: length)
                            offset += Int(length) + 1
                        }
                    }
                    return try unsafe body(UnsafeBufferPointer(values), UnsafeBufferPointer(lengths))
                }
            }
        }
    }

    /// The values as strings, for messages of tests and for rare queries. Costs an allocation for each.
    package var texts: [String?] {
        var reader = buffer
        var texts: [String?] = []
        while let length = reader.readInteger(as: Int32.self) {
            if length < 0 {
                texts.append(nil)
            } else {
                texts.append(reader.readString(length: Int(length)) ?? "")
                reader.moveReaderIndex(forwardBy: 1)
            }
        }
        return texts
    }
}
