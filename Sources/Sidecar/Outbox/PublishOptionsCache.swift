import NIOCore
import WAMP

/// The options of events by their text: few texts serve many events, and each is read and checked once.
struct PublishOptionsCache {
    private static let most = 64

    private var known: [String: PublishOptions] = [:]

    /// - Parameter text: a JSON object; nil for no options.
    /// - Throws: ``JSONError`` or ``OptionError`` for a row that was not put in by `publish()`.
    mutating func options(_ text: String?) throws -> PublishOptions {
        guard let text else { return .acknowledged }
        if let options = self.known[text] { return options }
        guard case .dictionary(let values) = try JSON.value(of: ByteBuffer(string: text)) else {
            throw OptionsAreNoObject()
        }
        let options = try PublishOptions(values).acknowledged(true)
        if self.known.count >= Self.most { self.known.removeAll() }
        self.known[text] = options
        return options
    }

    /// The column holds something else than an object.
    private struct OptionsAreNoObject: Error, CustomStringConvertible {
        let description = "the options are no object"
    }
}

extension PublishOptions {
    /// Those of an event without any: the relay has to know that the router has it.
    fileprivate static let acknowledged = PublishOptions(acknowledge: true)
}
