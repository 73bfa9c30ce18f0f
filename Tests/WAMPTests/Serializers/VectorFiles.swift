import Cryptography
import Glibc
import NIOCore
import Testing

@testable import WAMP

/// The folder with the WAMP project's published test vectors, named by the environment variable WAMP_VECTORS.
enum VectorFiles {
    /// The folder; nil if the variable isn't set.
    static let folder: String? = getenv("WAMP_VECTORS").map { String(cString: $0) }

    /// One published sample.
    struct Sample: CustomTestStringConvertible {
        let file: String
        let fields: [String: Value]

        var testDescription: String { "\(self.file): \(self.fields["description"]?.text ?? "")" }

        /// The JSON texts of the message; empty for samples without text.
        var texts: [String] {
            guard case .dictionary(let serializers) = self.fields["serializers"],
                case .list(let list) = serializers["json"]
            else { return [] }
            return list.compactMap { $0["bytes"]?.text }
        }

        /// The octets of the message in a serializer; empty for samples without octets.
        func octets(_ serializer: SerializerID) -> [[UInt8]] {
            guard case .dictionary(let serializers) = self.fields["serializers"],
                case .list(let list) = serializers[serializer.description]
            else { return [] }
            return list.compactMap { $0["bytes_hex"]?.text.flatMap { Hexadecimal.decode($0) } }
        }

        /// The JSON texts in hexadecimal.
        var hexadecimalTexts: [String] {
            guard case .dictionary(let serializers) = self.fields["serializers"],
                case .list(let list) = serializers["json"]
            else { return [] }
            return list.compactMap { $0["bytes_hex"]?.text }
        }
    }

    /// All samples of all files; empty without a folder.
    static let samples: [Sample] = {
        guard let folder, let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".json") { names.append(name) }
        }
        return names.sorted().flatMap { name -> [Sample] in
            guard let text = contents(of: folder + "/" + name), let file = try? JSON.value(of: text),
                case .list(let samples) = file["samples"]
            else { return [] }
            return samples.compactMap { sample in
                guard case .dictionary(let fields) = sample else { return nil }
                return Sample(file: name, fields: fields)
            }
        }
    }()

    private static func contents(of path: String) -> ByteBuffer? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var contents = ByteBuffer()
        while contents.writeWithUnsafeMutableBytes(
            minimumWritableBytes: 65_536, { fread($0.baseAddress, 1, $0.count, file) }) > 0
        {}
        return contents
    }
}

extension Value {
    /// A dictionary's member.
    subscript(key: String) -> Value? {
        guard case .dictionary(let dictionary) = self else { return nil }
        return dictionary[key]
    }

    /// A list's element.
    subscript(index: Int) -> Value? {
        guard case .list(let list) = self, list.indices.contains(index) else { return nil }
        return list[index]
    }

    /// A string's characters.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// An integer.
    var integer: Int64? {
        guard case .integer(let integer) = self else { return nil }
        return integer
    }
}
