import NIOCore
import Names
import WAMP

/// The options of events by their text: few texts serve many events, and each is parsed and checked once.
struct PublishOptionsCache {
    private static let most = 64
    /// Longer ones are not kept.
    private static let mostOctets = 1 << 10

    private var known: [ExactText: PublishOptions] = [:]

    /// - Parameter text: a JSON object; nil for no options.
    /// - Throws: ``JSONError`` or ``OptionError`` for a row that was not inserted by `publish()`.
    mutating func options(_ text: String?) throws -> PublishOptions {
        guard let text else { return .acknowledged }
        let key = ExactText(text)
        if let options = self.known[key] { return options }
        guard case .dictionary(let values) = try JSON.value(of: ByteBuffer(string: text)) else {
            throw OptionsAreNoObject()
        }
        let options = try PublishOptions(values).acknowledged(true)
        guard text.utf8.count <= Self.mostOctets else { return options }
        if self.known.count >= Self.most { self.known.removeAll() }
        self.known[key] = options
        return options
    }

    /// The column contains another value than an object.
    private struct OptionsAreNoObject: Error, CustomStringConvertible {
        let description = "the options are not an object"
    }
}

extension PublishOptions {
    /// The options of an event without any: the relay needs the acknowledgement.
    fileprivate static let acknowledged = PublishOptions(acknowledge: true)
}
