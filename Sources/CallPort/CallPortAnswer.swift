import NIOCore
import PostgresWire
package import WAMP
import WAMPClient

/// What came of a document, and how PostgreSQL's protocol tells it.
package enum CallPortAnswer: Equatable {
    /// It was done.
    case result(Payload)
    /// It was not, or nobody knows.
    case failure(Failure)
    /// The key is another one, not known yet, or not proved here: nothing was done. The interface connects again and
    /// asks again.
    case stale
    /// The key is known here.
    case proved
    /// The port's state, for people.
    case status([Field])

    /// An error, as SQL gets to see it.
    package struct Failure: Error, Equatable {
        /// The SQLSTATE.
        var code: String
        /// What is wrong; for a WAMP ERROR its URI.
        var message: String
        /// The ERROR's arguments.
        var payload = Payload.empty
        var hint: String?

        /// The procedure, or the router, answered ERROR.
        static let wampError = "WA000"
        /// There is no session with the router; nothing was sent.
        static let noSession = "WA001"
    }

    /// One column of the state.
    package struct Field: Sendable, Equatable {
        let name: String
        let value: String

        /// Takes what the column is called, and its only value.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The octets of a result's texts.
    var resultOctets: Int {
        switch self {
        case .result(let payload): payload.byteCount
        case .failure, .stale, .proved, .status: 0
        }
    }

    /// A result's rows as messages have them.
    struct Rows: Equatable {
        let columns: [WireColumn]
        let row: [ByteBuffer?]
    }

    /// As a row, which costs dblink nothing, or (psql) as an error where it is one.
    ///
    /// - Parameter proof: what shows that the answer is this port's; nil where nobody asked for it.
    func rows(wantsRows: Bool, proof: String? = nil) throws(WireError) -> Rows {
        let proof = proof.map { Self.text($0) }
        switch self {
        case .result(let payload):
            let (arguments, keywordArguments): (ByteBuffer?, ByteBuffer?)
            do {
                (arguments, keywordArguments) = try Self.texts(payload)
            } catch {
                return try Self.failure(error).rows(wantsRows: wantsRows, proof: proof.map { String(buffer: $0) })
            }
            guard wantsRows else {
                return Rows(columns: Self.resultColumns, row: [arguments, keywordArguments])
            }
            return Rows(
                columns: Self.columns, row: [Self.text("result"), arguments, keywordArguments, nil, nil, proof, nil])
        case .failure(let failure):
            // An ERROR is passed on in any case, if need be without arguments that jsonb can't hold.
            let (arguments, keywordArguments) = (try? Self.texts(failure.payload)) ?? (nil, nil)
            guard wantsRows else {
                throw WireError(
                    failure.code, failure.message, detail: Self.detail(failure, arguments, keywordArguments),
                    hint: failure.hint)
            }
            return Rows(
                columns: Self.columns,
                row: [
                    Self.text("error"), arguments, keywordArguments, Self.text(failure.code),
                    Self.text(failure.message), proof, failure.hint.map { Self.text($0) },
                ])
        case .stale:
            guard wantsRows else {
                throw WireError(
                    "28000", "the key is not this port's",
                    hint: "Only the functions that wamp-sidecar has installed know it; use wamp.call().")
            }
            return Rows(columns: Self.columns, row: [Self.text("stale"), nil, nil, nil, nil, nil, nil])
        case .proved:
            return Rows(columns: Self.columns, row: [Self.text("proved"), nil, nil, nil, nil, proof, nil])
        case .status(let fields):
            return Rows(
                columns: fields.map { WireColumn($0.name, .text) }, row: fields.map { Self.text($0.value) })
        }
    }

    private static let resultColumns = [WireColumn("args", .jsonb), WireColumn("kwargs", .jsonb)]
    private static let columns = [
        WireColumn("state", .text), WireColumn("args", .jsonb), WireColumn("kwargs", .jsonb), WireColumn("code", .text),
        WireColumn("error", .text), WireColumn("proof", .text), WireColumn("hint", .text),
    ]

    /// A value; PostgreSQL's text has no U+0000.
    private static func text(_ text: String) -> ByteBuffer {
        guard text.utf8.contains(0) else { return ByteBuffer(string: text) }
        return ByteBuffer(
            string: String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })))
    }

    private static func detail(
        _ failure: Failure, _ arguments: ByteBuffer?, _ keywordArguments: ByteBuffer?
    ) -> String? {
        guard failure.code == Failure.wampError else { return nil }
        let texts = [arguments, keywordArguments].map { $0.map { String(buffer: $0) } ?? "null" }
        return #"{"args": \#(texts[0]), "kwargs": \#(texts[1])}"#
    }

    // MARK: - What jsonb takes

    /// The arguments as jsonb takes them: WAMP binary as the string `\x` and hexadecimal digits.
    private static func texts(_ payload: Payload) throws(Failure) -> (ByteBuffer?, ByteBuffer?) {
        if let fault = payload.fault {
            let code =
                switch fault {
                case .opaque: "0A000"
                case .tooDeep: "54001"
                case .loneSurrogate: "22P05"
                case .notFinite, .keyNotText: "22P02"
                case .invalidUTF8: "22021"
                case .tooLarge, .messageTooLong: "54000"
                case .absurdNumber: "22003"
                }
            throw Failure(code: code, message: "the procedure has run, but its result can't be used: \(fault)")
        }
        guard payload.containsNUL else { return (payload.arguments, payload.keywordArguments) }
        return (try Self.withoutBinary(payload.arguments), try Self.withoutBinary(payload.keywordArguments))
    }

    private static func withoutBinary(_ text: ByteBuffer?) throws(Failure) -> ByteBuffer? {
        guard let text else { return nil }
        var buffer = ByteBuffer()
        do {
            try JSON.writeReplacingBinary(text, into: &buffer)
        } catch {
            throw Failure(
                code: "22P05",
                message: "the procedure has run, but its result has a string or key with U+0000, which jsonb can't hold"
            )
        }
        return buffer
    }
}

extension CallPortAnswer.Failure {
    /// A request to the router that did not succeed.
    ///
    /// - Parameters:
    ///   - isSent: whether it may have reached the router.
    ///   - timeout: how long was waited.
    init(_ error: RequestError, isSent: Bool, operation: CallPortDocument.Operation, timeout: TimeAmount?) {
        let mayHave =
            switch operation {
            case .call: "the procedure may have run"
            case .publish, .status, .prove: "the event may have been published"
            }
        switch error.code {
        case .refused:
            self.init(code: Self.wampError, message: error.uri, payload: error.payload, hint: error.remark)
        case .timeout:
            let within = timeout.map { " within \($0.nanoseconds / 1_000_000) ms" } ?? " in time"
            self.init(code: "57014", message: "no answer\(within); \(mayHave)")
        case .canceled:
            self.init(code: "57014", message: "given up; \(mayHave)")
        case .sessionClosed:
            guard isSent else {
                self = .notJoined
                return
            }
            self.init(code: "08007", message: "the session with the router was lost; \(mayHave)")
        case .tooLarge:
            self.init(code: "54000", message: "nothing was sent: \(error.message)")
        case .unsupported:
            self.init(code: "0A000", message: error.message)
        case .notHeld, .answerLost:
            self.init(code: "XX000", message: error.message)
        }
    }

    /// Who is allowed no more.
    static let statusOnly = CallPortAnswer.Failure(
        code: "42501", message: "the user \(CallPort.statusUser) may ask for the state, and nothing else",
        hint: #"{"status": true}"#)

    /// Nobody can be asked.
    static let notJoined = CallPortAnswer.Failure(
        code: noSession, message: "there is no session with the router; nothing was sent",
        hint: "The sidecar's log says why.")
}
