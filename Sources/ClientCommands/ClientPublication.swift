import DequeModule
import NIOCore
import Names
import WAMP
import WAMPClient

/// `wamp-sidecar publish`: one event, or one for each line of standard input. On the event loop.
final class ClientPublication: ClientWork {
    /// The most outstanding acknowledgements.
    private static let window = 256

    private let topic: URI
    private let options: PublishOptions
    private let input: LineReader
    private let isFromInput: Bool
    private var isAtEnd: Bool
    private var isReading = false
    private var payloads: Deque<(line: Int, payload: Result<Payload, ClientUsageError>)> = []
    private var lines = 0
    private var unacknowledged = 0
    /// The number of events that the router has accepted, as far as it was asked to acknowledge them.
    private var published = 0
    /// The failures. After one nothing more is published, but the events under way are awaited: to repeat the input,
    /// one must know which events the router has.
    private var faults: [String] = []
    private var session: Session?
    private weak var run: ClientRun?

    init(_ topic: URI, _ options: PublishOptions, _ publications: ClientCommand.Publications, input: LineReader) {
        self.topic = topic
        self.options = options
        self.input = input
        switch publications {
        case .one(let payload):
            self.payloads.append((line: 1, payload: .success(payload)))
            self.isFromInput = false
            self.isAtEnd = true
        case .lines:
            self.isFromInput = true
            self.isAtEnd = false
        }
    }

    func joined(_ session: Session, in run: ClientRun) {
        self.session = session
        self.run = run
        self.proceed()
    }

    func writable() {
        self.proceed()
    }

    /// Publishes as many lines as may be under way, and then reads more.
    private func proceed() {
        guard let session = self.session, let run = self.run else { return }
        while self.unacknowledged < Self.window, session.isWritable, let next = self.payloads.popFirst() {
            switch next.payload {
            case .success(let payload): self.publish(payload, line: next.line, in: session)
            case .failure(let error): self.fail(error.description)
            }
        }
        guard self.payloads.isEmpty else { return }
        if !self.isAtEnd {
            self.read()
        } else if self.unacknowledged == 0 {
            run.finish(self.outcome)
        }
    }

    private var outcome: ClientOutcome {
        guard !self.faults.isEmpty else { return .succeeded }
        guard self.isFromInput else { return .failed(self.faults) }
        let word = self.options.acknowledge ? "published" : "sent"
        return .failed(self.faults + ["events \(word) before it ended: \(self.published)"])
    }

    private func publish(_ payload: Payload, line: Int, in session: Session) {
        guard self.options.acknowledge else {
            if let error = session.publish(self.topic, options: self.options, payload: payload) {
                self.fail(error, line: line)
            } else {
                self.published += 1
            }
            return
        }
        self.unacknowledged += 1
        session.publish(self.topic, options: self.options, payload: payload) { result in
            self.unacknowledged -= 1
            switch result {
            case .success(let publication):
                self.published += 1
                self.run?.output.write(ClientLine.publication(publication))
                self.proceed()
            // The run reports why the session has ended.
            case .failure(let error) where error.code == .sessionClosed:
                break
            case .failure(let error):
                self.fail(error, line: line)
                self.proceed()
            }
        }
    }

    private func read() {
        guard !self.isReading else { return }
        self.isReading = true
        self.input.read { result in
            self.isReading = false
            switch result {
            case .success(let lines): if self.faults.isEmpty { self.take(lines) }
            case .failure(.tooLong): self.fail("line \(self.lines + 1) of standard input is longer than any message")
            case .failure(.failed(let reason)): self.fail("can't read standard input: \(reason)")
            }
            self.proceed()
        }
    }

    private func take(_ lines: [ByteBuffer]) {
        if lines.isEmpty { self.isAtEnd = true }
        for line in lines {
            self.lines += 1
            if line.readableBytesView.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            do throws(ClientUsageError) {
                let payload = try ClientPayload(line: line, number: self.lines).payload
                self.payloads.append((line: self.lines, payload: .success(payload)))
            } catch {
                // The lines before it are published first.
                self.payloads.append((line: self.lines, payload: .failure(error)))
            }
        }
    }

    private func fail(_ error: RequestError, line: Int) {
        self.fail(ClientLine.text(error) + (self.isFromInput ? " (line \(line) of standard input)" : ""))
    }

    /// Nothing more is published or read.
    private func fail(_ reason: String) {
        self.payloads.removeAll()
        self.isAtEnd = true
        self.faults.append(reason)
    }

    /// Ends it with the known results: a router that does not answer must not delay the end.
    func interrupted() {
        self.fail("interrupted")
        self.run?.finish(self.outcome)
    }

    func received(_ event: Event) {}
    func revoked(reason: String?) {}
}
