import NIOCore
import Names
package import Postgres
import WAMP

/// A WAMP error that a function itself raises: SQLSTATE `WA000`, the message is the error URI, the detail `{"args":
/// [..], "kwargs": {..}}`.
package enum RaisedError {
    /// The SQLSTATE of such errors.
    package static let sqlstate = "WA000"

    /// The WAMP error that the function meant. One that can't be sent, because a router would drop the connection on
    /// it, becomes `wamp.error.runtime_error` with its fault.
    package static func failure(_ error: DatabaseError) -> CallFailure {
        let uri: URI
        do {
            uri = try URI(error.message)
        } catch {
            return invalid("the message is not an error URI: it \(error.description)")
        }
        guard let detail = error.detail, !detail.isEmpty else {
            return CallFailure(uri: uri, payload: .empty, sqlstate: sqlstate)
        }
        do {
            return CallFailure(uri: uri, payload: try payload(ByteBuffer(string: detail)), sqlstate: sqlstate)
        } catch {
            return invalid("the detail of \(uri) is not {\"args\": [..], \"kwargs\": {..}}: \(error.what)")
        }
    }

    private struct DetailError: Error {
        let what: String
    }

    private static func payload(_ detail: ByteBuffer) throws(DetailError) -> Payload {
        let members: [(key: String, value: JSONElement)]
        do {
            members = try JSON.members(of: detail)
        } catch {
            throw DetailError(what: error.description)
        }
        var payload = Payload()
        for (key, value) in members {
            switch (key, value.kind) {
            case ("args", .null), ("kwargs", .null): break
            case ("args", .array): payload.arguments = value.text
            case ("kwargs", .object): payload.keywordArguments = value.text
            case ("args", _): throw DetailError(what: "args is not an array")
            case ("kwargs", _): throw DetailError(what: "kwargs is not an object")
            default: throw DetailError(what: "it has other keys")
            }
        }
        do {
            try payload.prepareForRouter()
        } catch {
            throw DetailError(what: error.description)
        }
        return payload
    }

    private static func invalid(_ what: String) -> CallFailure {
        CallFailure(WAMPError.runtimeError, "the function raised WA000, but \(what)", sqlstate: sqlstate)
    }
}
