import NIOCore
import Names
import PostgresWire
import WAMP
import WAMPClient

/// A document of which everything is checked that can be before it is sent: routers drop the connection on the rest.
struct CallPortRequest {
    /// What is sent.
    enum Message: Equatable {
        case call(URI, CallOptions, timeout: TimeAmount)
        case publish(URI, PublishOptions)
    }

    let message: Message
    let payload: Payload

    /// How long it may wait until the router takes it.
    var patience: TimeAmount {
        switch self.message {
        case .call(_, _, let timeout): min(timeout, Self.mostPatience)
        case .publish: Self.mostPatience
        }
    }

    private static let mostPatience = TimeAmount.seconds(10)

    /// The longest time that a call can be given: 24 days.
    private static let longestTimeout = Int64(Int32.max)

    /// - Parameters:
    ///   - timeout: a call's, if it names none.
    ///   - allowMeta: whether the router's own procedures and topics can be had.
    init(_ document: CallPortDocument, timeout: TimeAmount, allowMeta: Bool) throws(CallPortAnswer.Failure) {
        var payload = document.payload
        do throws(JSONError) {
            try payload.prepareForRouter()
        } catch {
            throw CallPortAnswer.Failure(
                code: "22023", message: "nothing was sent: routers can't read the arguments: \(error)")
        }
        self.payload = payload
        switch document.operation {
        case .call(let text):
            let uri = try Self.uri(text, "procedure", allowMeta: allowMeta)
            let (options, own) = try Self.callOptions(document.options)
            self.message = .call(uri, options, timeout: own ?? timeout)
        case .publish(let text):
            let uri = try Self.uri(text, "topic", allowMeta: allowMeta)
            do {
                self.message = .publish(uri, try PublishOptions(document.options).acknowledged(true))
            } catch {
                throw CallPortAnswer.Failure(code: "22023", message: error.description)
            }
        case .status, .prove:
            throw CallPortAnswer.Failure(code: "XX000", message: "the router is not asked for this")
        }
    }

    private static func uri(_ text: String, _ kind: String, allowMeta: Bool) throws(CallPortAnswer.Failure) -> URI {
        let uri: URI
        do {
            uri = try URI(text)
        } catch {
            throw CallPortAnswer.Failure(
                code: "22023", message: "the \(kind) \"\(text.prefix(200))\" is not a URI: it \(error)")
        }
        guard allowMeta || !(text == "wamp" || text.hasPrefix("wamp.")) else {
            throw CallPortAnswer.Failure(
                code: "42501", message: "the \(kind) \"\(text.prefix(200))\" is the router's own",
                hint: "caller.allow_meta: true in the sidecar's configuration allows those.")
        }
        return uri
    }

    private static func callOptions(
        _ values: [String: Value]
    ) throws(CallPortAnswer.Failure) -> (CallOptions, timeout: TimeAmount?) {
        do {
            try MessageKind.call.check(options: values)
        } catch {
            throw CallPortAnswer.Failure(code: "22023", message: error.description)
        }
        var options = CallOptions()
        var timeout: TimeAmount?
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            switch (name, value) {
            case ("timeout", .integer(let milliseconds)):
                // Our own clock ends the call: routers differ on what the number means.
                if milliseconds > 0 { timeout = .milliseconds(min(milliseconds, Self.longestTimeout)) }
            case ("disclose_me", .bool(let discloseMe)):
                options.discloseMe = discloseMe
            default:
                throw CallPortAnswer.Failure(
                    code: "22023",
                    message: "option '\(name.prefix(64))' of CALL can't be used from SQL; timeout and disclose_me can")
            }
        }
        return (options, timeout)
    }
}
