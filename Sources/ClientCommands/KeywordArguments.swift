import NIOCore
import Names
import WAMP

/// Keyword arguments as typed, each with its value as JSON.
struct KeywordArguments {
    private var names: Set<ExactText> = []
    private(set) var object = ByteBuffer(string: "{}")

    var isEmpty: Bool { self.names.isEmpty }

    /// The parts of `name=value`: a name begins with a letter or `_` and continues with letters, digits and `_`. Nil
    /// for any other word, such as a URL with an equals sign in it.
    static func split(_ word: String) -> (name: String, value: String)? {
        guard let sign = word.unicodeScalars.firstIndex(of: "=") else { return nil }
        let name = word.unicodeScalars[..<sign]
        guard let first = name.first, first == "_" || first.properties.isXIDStart else { return nil }
        guard name.allSatisfy({ $0.properties.isXIDContinue }) else { return nil }
        return (String(name), String(word.unicodeScalars[word.unicodeScalars.index(after: sign)...]))
    }

    /// Adds one; a name that already exists is a fault, since either value may be meant.
    mutating func add(_ name: String, _ value: ByteBuffer) throws(ClientUsageError) {
        let isFirst = self.isEmpty
        guard self.names.insert(ExactText(name)).inserted else {
            throw ClientUsageError(
                "the keyword argument '\(name.prefix(200))' is given twice; remove one of the two")
        }
        self.object.moveWriterIndex(to: self.object.writerIndex - 1)
        if !isFirst { self.object.writeInteger(UInt8(ascii: ",")) }
        JSON.write(string: name, into: &self.object)
        self.object.writeInteger(UInt8(ascii: ":"))
        self.object.writeImmutableBuffer(value)
        self.object.writeInteger(UInt8(ascii: "}"))
    }
}
