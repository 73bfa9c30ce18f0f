internal import COpenSSL

/// Octets that nobody may see: a password, a private key, or what is derived from one. They have one place in memory,
/// which is overwritten when the last owner releases them.
///
/// Its description is always `<redacted>`. Comparisons take a time that does not reveal where two differ.
@safe package final class SecretBytes: @unchecked Sendable {
    /// The number of octets.
    package let count: Int
    private let storage: UnsafeMutableRawBufferPointer

    /// Makes octets in their final place.
    ///
    /// - Parameters:
    ///   - capacity: the most octets.
    ///   - fill: writes them, and returns their number. If it throws, nothing is kept.
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

    /// Copies octets; the originals stay where they are.
    package convenience init(_ bytes: some Collection<UInt8>) {
        let count = bytes.count
        unsafe self.init(capacity: count) { storage in
            unsafe storage.copyBytes(from: bytes)
            return count
        }
    }

    /// Copies the UTF-8 of a text; the text itself stays where it is.
    package convenience init(_ text: String) {
        self.init(text.utf8)
    }

    deinit {
        unsafe OPENSSL_cleanse(self.storage.baseAddress, self.storage.count)
        unsafe self.storage.deallocate()
    }

    /// True if there are no octets.
    package var isEmpty: Bool { self.count == 0 }

    /// The octets as a text, which can't be overwritten: for secrets that are sent unchanged. What is not UTF-8 is
    /// replaced.
    package var text: String {
        unsafe String(decoding: UnsafeRawBufferPointer(rebasing: self.storage[..<self.count]), as: UTF8.self)
    }

    /// One octet; nil beyond the end.
    package func byte(at index: Int) -> UInt8? {
        guard index >= 0, index < self.count else { return nil }
        return unsafe self.storage[index]
    }

    /// A part of them, in separate memory; nil if the range exceeds them.
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

    /// Lends the octets. The pointer is valid only within `body`, and no copy may be kept that is not wiped as well.
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

    /// Hashes only the count: nothing of a secret goes into a hash table.
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
