internal import COpenSSL

/// Octets that nobody is to see: a password, a private key, what is derived of one. They have one place in memory, which
/// is overwritten when the last owner lets go of them.
///
/// However it is printed, it reads `<redacted>`. Compared without telling by the time it takes where two differ.
// The memory is written by `init` only and freed by `deinit` only: to be read by several threads.
@safe package final class SecretBytes: @unchecked Sendable {
    /// How many octets.
    package let count: Int
    private let storage: UnsafeMutableRawBufferPointer

    /// Makes octets in their place.
    ///
    /// - Parameters:
    ///   - capacity: the most there will be.
    ///   - fill: writes them, and says how many there are. What it throws is thrown; nothing is kept then.
    package init<Failure: Error>(
        capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: 1)
        do throws(Failure) {
            let count = try unsafe fill(UnsafeMutableRawBufferPointer(rebasing: storage[..<max(capacity, 0)]))
            unsafe self.storage = storage
            self.count = max(0, min(count, capacity))
        } catch {
            unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
            unsafe storage.deallocate()
            throw error
        }
    }

    /// Copies octets; those they are copied from stay where they are.
    package convenience init(_ bytes: some Collection<UInt8>) {
        let count = bytes.count
        unsafe self.init(capacity: count) { storage in
            unsafe storage.copyBytes(from: bytes)
            return count
        }
    }

    /// The UTF-8 of a text; the text itself stays where it is.
    package convenience init(_ text: String) {
        self.init(text.utf8)
    }

    deinit {
        unsafe OPENSSL_cleanse(self.storage.baseAddress, self.storage.count)
        unsafe self.storage.deallocate()
    }

    /// Whether there are none.
    package var isEmpty: Bool { self.count == 0 }

    /// The octets as a text, which nobody can overwrite: for what has to be sent as it is. What is no UTF-8 is replaced.
    package var text: String {
        unsafe String(decoding: UnsafeRawBufferPointer(rebasing: self.storage[..<self.count]), as: UTF8.self)
    }

    /// One octet; nil beyond the end.
    package func byte(at index: Int) -> UInt8? {
        guard index >= 0, index < self.count else { return nil }
        return unsafe self.storage[index]
    }

    /// A part of them, in a place of its own; nil if the range goes beyond them.
    package func part(_ range: Range<Int>) -> SecretBytes? {
        guard range.lowerBound >= 0, range.upperBound <= self.count else { return nil }
        return unsafe self.withUnsafeBytes { unsafe SecretBytes(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Whether they begin with a text.
    package func starts(with text: StaticString, at index: Int = 0) -> Bool {
        let wanted = text.utf8CodeUnitCount
        guard index >= 0, index <= self.count, self.count - index >= wanted else { return false }
        return text.withUTF8Buffer { wanted in
            unsafe self.storage[index..<(index + wanted.count)].elementsEqual(wanted)
        }
    }

    /// Lends the octets. The pointer is valid within `body` only, and nobody may keep a copy that is not wiped as well.
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(rebasing: self.storage[..<self.count]))
    }
}

extension SecretBytes: Hashable {
    /// Whether both are the same.
    package static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
            }
        }
    }

    /// By the count alone: nothing of a secret goes into a hash table.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.count)
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<redacted>`.
    package var description: String { "<redacted>" }

    /// `<redacted>`.
    package var debugDescription: String { "<redacted>" }

    /// A mirror that shows nothing, so that `dump` doesn't either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
