import DequeModule
import NIOCore
import WAMP
import WAMPClient

/// `wamp-sidecar publish`: one event, or one for each line of standard input. On the event loop.
final class ClientPublication: ClientWork {
    /// How many acknowledgements may be outstanding.
    private static let window = 256

    private let topic: URI
    private let options: PublishOptions
    private let input: LineReader
    private var isAtEnd: Bool
    private var isReading = false
    private var payloads: Deque<Result<Payload, ClientUsageError>> = []
    private var lines = 0
    private var unacknowledged = 0
    private var session: Session?
    private weak var run: ClientRun?

    init(_ topic: URI, _ options: PublishOptions, _ publications: ClientCommand.Publications, input: LineReader) {
        self.topic = topic
        self.options = options
        self.input = input
        switch publications {
        case .one(let payload):
            self.payloads.append(.success(payload))
            self.isAtEnd = true
        case .lines:
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

    /// Publishes what there is and may be under way, and reads more once that is done.
    private func proceed() {
        guard let session = self.session, let run = self.run else { return }
        while self.unacknowledged < Self.window, session.isWritable, let next = self.payloads.popFirst() {
            switch next {
            case .success(let payload): self.publish(payload, in: session)
            case .failure(let error): return self.fail(error.description)
            }
        }
        guard self.payloads.isEmpty else { return }
        if !self.isAtEnd { self.read() } else if self.unacknowledged == 0 { run.finish() }
    }

    private func publish(_ payload: Payload, in session: Session) {
        guard self.options.acknowledge else {
            if let error = session.publish(self.topic, options: self.options, payload: payload) {
                self.fail(ClientLine.text(error))
            }
            return
        }
        self.unacknowledged += 1
        session.publish(self.topic, options: self.options, payload: payload) { result in
            self.unacknowledged -= 1
            switch result {
            case .success(let publication):
                self.run?.output.write(ClientLine.publication(publication))
                self.proceed()
            // What the session's end is due to is told by the run.
            case .failure(let error) where error.code == .sessionClosed:
                break
            case .failure(let error):
                self.fail(ClientLine.text(error))
            }
        }
    }

    private func read() {
        guard !self.isReading else { return }
        self.isReading = true
        self.input.read { result in
            self.isReading = false
            switch result {
            case .success(let lines): self.take(lines)
            case .failure(.tooLong): self.fail("line \(self.lines + 1) of standard input is longer than any message")
            case .failure(.failed(let reason)): self.fail("can't read standard input: \(reason)")
            }
        }
    }

    private func take(_ lines: [ByteBuffer]) {
        if lines.isEmpty { self.isAtEnd = true }
        for line in lines {
            self.lines += 1
            if line.readableBytesView.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            do throws(ClientUsageError) {
                self.payloads.append(.success(try ClientPayload(line: line, number: self.lines).payload))
            } catch {
                // The lines before it are published first.
                self.payloads.append(.failure(error))
            }
        }
        self.proceed()
    }

    private func fail(_ reason: String) {
        self.payloads.removeAll()
        self.session = nil
        self.run?.finish(.failed([reason]))
    }

    func interrupted() {
        self.fail("interrupted")
    }

    func received(_ event: Event) {}
    func revoked(reason: String?) {}
}
