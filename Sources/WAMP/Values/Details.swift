package import NIOCore

/// The details (or options) of a received message: a JSON object that stays text, and is parsed when it is asked.
///
/// Of several equal keys the last one counts. A key with a value of another kind than asked for counts as absent: we
/// are lenient in what we accept.
package struct Details: Sendable, Equatable {
    /// The text of a JSON object, as received.
    package internal(set) var text: ByteBuffer

    /// No details.
    package static let empty = Details(text: ByteBuffer(string: "{}"))

    /// Takes the text of a JSON object; the decoder has checked it.
    package init(text: ByteBuffer) {
        self.text = text
    }

    /// Writes a dictionary as text.
    package init(_ dictionary: [String: Value]) {
        var text = ByteBuffer()
        JSON.write(.dictionary(dictionary), into: &text)
        self.text = text
    }

    /// True if there are no details. Cheap, whatever the text.
    package var isEmpty: Bool {
        self.text.readableBytes <= 2
            || self.text.withUnsafeReadableBytes { object in
                guard var scanner = JSONScanner(object), (try? scanner.expectOpening(UInt8(ascii: "{"))) != nil else {
                    return true
                }
                return scanner.scanEmpty(closing: UInt8(ascii: "}"))
            }
    }

    /// The value of a key as a tree; nil if it is absent.
    package subscript(key: String) -> Value? {
        self.element(key).flatMap { try? JSON.value(of: $0) }
    }

    /// A string's characters.
    package func string(_ key: String) -> String? {
        self.element(key).flatMap { $0.kind == .string ? JSON.unescape($0) : nil }
    }

    /// An integer of 64 bits, even if written as a double.
    package func integer(_ key: String) -> Int64? {
        self.element(key).flatMap { JSON.integer(of: $0) }
    }

    /// True or false.
    package func bool(_ key: String) -> Bool? {
        self.element(key).flatMap {
            $0.kind == .bool ? $0.text.readableBytesView.first == UInt8(ascii: "t") : nil
        }
    }

    /// The details of a key whose value is a dictionary.
    package func details(_ key: String) -> Details? {
        self.element(key).flatMap { $0.kind == .object ? Details(text: $0.text) : nil }
    }

    /// The value of a key as text; nil if it is absent. Allocates nothing if the keys have no escapes.
    package func element(_ key: String) -> JSONElement? {
        guard self.text.readableBytes > 2 else { return nil }
        var key = key
        let found: JSONScanner.Token? = key.withUTF8 { wanted in
            self.text.withUnsafeReadableBytes { Self.find(UnsafeRawBufferPointer(wanted), in: $0) }
        }
        return found.map { JSON.element(of: $0, in: self.text) }
    }

    /// Calls back for each of the given keys that is present, in one pass over the text. Of several equal keys it calls
    /// back for each, in order. It stops where the text can't be read.
    ///
    /// - Parameter body: gets the key's index, and its value.
    package func forEachMember(of keys: [StaticString], _ body: (_ index: Int, _ element: JSONElement) -> Void) {
        guard self.text.readableBytes > 2 else { return }
        self.text.withUnsafeReadableBytes { object in
            do throws(JSONError) {
                guard var scanner = JSONScanner(object) else { return }
                try scanner.expectOpening(UInt8(ascii: "{"))
                if scanner.scanEmpty(closing: UInt8(ascii: "}")) { return }
                repeat {
                    let key = try scanner.scanKey()
                    let value = try scanner.scanToken()
                    guard let index = keys.firstIndex(where: { Self.isKey(key, equalTo: $0, in: object) }) else {
                        continue
                    }
                    body(index, JSON.element(of: value, in: self.text))
                } while try scanner.scanSeparator(closing: UInt8(ascii: "}"))
            } catch {
                // The decoder has checked the text.
                return
            }
        }
    }

    private static func isKey(
        _ key: JSONScanner.Token, equalTo wanted: StaticString, in object: UnsafeRawBufferPointer
    ) -> Bool {
        guard key.traits.contains(.escaped) || key.end - key.start - 2 == wanted.utf8CodeUnitCount else { return false }
        let wanted = UnsafeRawBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount)
        return self.isKey(key, equalTo: wanted, in: object)
    }

    /// All details, as a tree.
    package var dictionary: [String: Value] {
        guard let value = try? JSON.value(of: self.text), case .dictionary(let dictionary) = value else { return [:] }
        return dictionary
    }

    private static func find(
        _ wanted: UnsafeRawBufferPointer, in object: UnsafeRawBufferPointer
    ) -> JSONScanner.Token? {
        guard var scanner = JSONScanner(object) else { return nil }
        do throws(JSONError) {
            var found: JSONScanner.Token?
            try scanner.expectOpening(UInt8(ascii: "{"))
            if scanner.scanEmpty(closing: UInt8(ascii: "}")) { return nil }
            repeat {
                let key = try scanner.scanKey()
                let value = try scanner.scanToken()
                if self.isKey(key, equalTo: wanted, in: object) { found = value }
            } while try scanner.scanSeparator(closing: UInt8(ascii: "}"))
            return found
        } catch {
            return nil
        }
    }

    private static func isKey(
        _ key: JSONScanner.Token, equalTo wanted: UnsafeRawBufferPointer, in object: UnsafeRawBufferPointer
    ) -> Bool {
        let inner = UnsafeRawBufferPointer(rebasing: object[(key.start + 1)..<(key.end - 1)])
        if key.traits.contains(.escaped) {
            return JSON.unescapedBytes(inner).elementsEqual(wanted)
        }
        return inner.count == wanted.count && inner.elementsEqual(wanted)
    }
}
