import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP

/// Writes events that could not run into the database, where people can read them and have them tried again. On the
/// event loop.
///
/// Without the SQL interface there is no such table: then they are logged and counted.
final class EventLetters {
    private static let pause = TimeAmount.seconds(1)
    /// Errors that pass: the usual ones, and a server that does not write now.
    static let passing = Verdict.passing.union([.readOnly, .transactionState])

    /// Whether the SQL interface exists.
    var isInstalled = false

    private let bury: String
    private let retried: String
    private let control: Control
    private let eventLoop: any EventLoop
    private let observer: (Observation) -> Void
    private var isStopped = false

    init(schema: String, control: Control, eventLoop: any EventLoop, observer: @escaping (Observation) -> Void) {
        let schema = SQLText.identifier(schema)
        self.bury = """
            select \(schema).event_bury($1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text, \
            $4::pg_catalog.text, $5::pg_catalog.text, $6::pg_catalog.text, $7::pg_catalog.text, \
            $8::pg_catalog.text, $9::pg_catalog.int4, $10::pg_catalog.text)
            """
        self.retried = """
            select \(schema).event_retried($1::pg_catalog.int8, $2::pg_catalog.bool, $3::pg_catalog.text, \
            $4::pg_catalog.text)
            """
        self.control = control
        self.eventLoop = eventLoop
        self.observer = observer
    }

    /// Unwritten dead letters are lost.
    func stop() {
        self.isStopped = true
    }

    /// Gives an event up.
    ///
    /// - Parameter completion: called once, when its dead letter is written (nil) or can't be. One that was tried again
    ///   stays where it is in any case.
    func bury(
        _ event: ReceivedEvent, of route: SubscriptionRoute, _ failure: EventFailure, attempts: Int,
        completion: @escaping (EventLoss?) -> Void
    ) {
        if let letter = event.letter {
            return self.tell(letter, failure: failure, event, of: route) { _ in completion(nil) }
        }
        self.observer(
            .eventFailed(
                topic: event.topic, function: route.mapping.function.value.text, error: failure.error,
                reason: failure.message))
        guard self.isInstalled else {
            self.lost(event, of: route, failure, "the SQL interface with its dead letters is not installed")
            return completion(.noDeadLetters)
        }
        var values = Parameters()
        values.append(route.topic.text)
        values.append(event.topic)
        Self.append(event.payload.arguments, containsNUL: event.payload.containsNUL, to: &values)
        Self.append(event.payload.keywordArguments, containsNUL: event.payload.containsNUL, to: &values)
        values.append(event.details.text)
        values.append(route.mapping.function.value.text)
        values.append(failure.error)
        values.append(failure.message)
        values.append("\(attempts)")
        Self.append(unreadable: event.payload.unreadableText, to: &values)
        self.write(self.bury, values, event, of: route, failure, completion: completion)
    }

    /// A dead letter that was tried again has run.
    func ran(_ letter: Int64, _ event: ReceivedEvent, of route: SubscriptionRoute, completion: @escaping () -> Void) {
        self.tell(letter, failure: nil, event, of: route) { _ in completion() }
    }

    private func tell(
        _ letter: Int64, failure: EventFailure?, _ event: ReceivedEvent, of route: SubscriptionRoute,
        completion: @escaping (EventLoss?) -> Void
    ) {
        var values = Parameters()
        values.append("\(letter)")
        values.append(failure == nil ? "f" : "t")
        if let failure {
            values.append(failure.error)
            values.append(failure.message)
        } else {
            values.appendNull()
            values.appendNull()
        }
        self.write(self.retried, values, event, of: route, failure, completion: completion)
    }

    private func write(
        _ text: String, _ values: Parameters, _ event: ReceivedEvent, of route: SubscriptionRoute,
        _ failure: EventFailure?, completion: @escaping (EventLoss?) -> Void
    ) {
        self.control.query(text, values) { result in
            switch result {
            case .success:
                completion(nil)
            case .failure(.server(let error)) where !Self.passing.contains(Verdict(sqlstate: error.sqlstate)):
                self.lost(event, of: route, failure, "its dead letter can't be written: \(error.message)")
                completion(.notWritten)
            case .failure(let reason):
                guard !self.isStopped else {
                    self.lost(event, of: route, failure, "its dead letter can't be written: \(reason)")
                    return completion(.notWritten)
                }
                self.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
                    self.write(text, values, event, of: route, failure, completion: completion)
                }
            }
        }
    }

    private func lost(_ event: ReceivedEvent, of route: SubscriptionRoute, _ failure: EventFailure?, _ reason: String) {
        // A dead letter that stays in its place is not lost.
        guard event.letter == nil else { return }
        self.observer(
            .eventLost(
                topic: event.topic, function: route.mapping.function.value.text, error: failure?.error ?? "none",
                reason: reason))
    }

    /// The text of unusable arguments. It is nearly JSON; octets that are not text become text.
    private static func append(unreadable text: ByteBuffer?, to values: inout Parameters) {
        guard let text, text.readableBytes > 0 else { return values.appendNull() }
        values.append("[\(String(buffer: text))]")
    }

    /// The same conversion as of raw arguments. A value that `jsonb` can't represent becomes a string with the JSON
    /// text in it.
    private static func append(_ text: ByteBuffer?, containsNUL: Bool, to values: inout Parameters) {
        guard let text else { return values.appendNull() }
        guard containsNUL else { return values.append(text) }
        do throws(JSONError) {
            try values.append { buffer throws(JSONError) in try JSON.writeReplacingBinary(text, into: &buffer) }
        } catch {
            values.append { JSON.write(string: String(buffer: text), into: &$0) }
        }
    }
}
