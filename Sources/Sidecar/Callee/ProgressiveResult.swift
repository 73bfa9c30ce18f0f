import NIOCore
import Postgres
import WAMP
import WAMPClient

/// A set whose rows go to the caller as they come: progressive results, each a chunk of rows. On the event loop.
///
/// The rows are sent before the transaction is committed, so the last message shows whether they count: a final result,
/// or an error. The driver of ``ChunkStateMachine``.
final class ProgressiveResult {
    /// How long after its deadline the sidecar itself ends a set. Usually the server ends it, but a server that waits
    /// for a slow reader may not check the time.
    private static let grace = TimeAmount.milliseconds(250)

    /// Why the rest of the rows is discarded.
    enum End: Equatable {
        /// Nobody needs them.
        case canceled
        case timedOut
        case fault(ChunkStateMachine.Fault)
        /// A row is larger than the router's limit.
        case tooLargeForRouter(size: Int, limit: Int)
        /// Routers can't read a row.
        case unreadable(JSONError)
    }

    private let request: RequestID
    private let session: Session
    private let eventLoop: any EventLoop
    private let timeout: TimeAmount
    private let passedOn: () -> Void
    private let endStatement: () -> Void
    private var machine: ChunkStateMachine
    private var deadline: NIODeadline?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    /// Nil as long as rows are needed.
    private(set) var end: End?

    /// Rows have been sent: the statement must not run again.
    private(set) var hasSent = false

    /// - Parameters:
    ///   - timeout: how long it may take after it was sent to the server.
    ///   - passedOn: called whenever rows have been sent: from then on the statement must not run again.
    ///   - endStatement: called at most once, when further rows of the statement are useless; not after ``cancel()``.
    init(
        _ request: RequestID, session: Session, machine: ChunkStateMachine, timeout: TimeAmount,
        eventLoop: any EventLoop, passedOn: @escaping () -> Void, endStatement: @escaping () -> Void
    ) {
        self.request = request
        self.session = session
        self.machine = machine
        self.timeout = timeout
        self.eventLoop = eventLoop
        self.passedOn = passedOn
        self.endStatement = endStatement
    }

    /// Takes one row.
    func take(_ row: borrowing ResultRow, of work: Work) {
        guard self.end == nil else { return }
        if self.deadline == nil { self.deadline = (work.sentAt ?? .now()) + self.timeout + Self.grace }
        do throws(ChunkStateMachine.Fault) {
            let chunk = try self.take(row)
            if let chunk { self.send(chunk) }
            self.setTimer()
        } catch {
            self.stop(.fault(error))
        }
    }

    private func take(_ row: borrowing ResultRow) throws(ChunkStateMachine.Fault) -> ByteBuffer? {
        let taken: Result<ByteBuffer?, ChunkStateMachine.Fault> = row.withText(0) { bytes in
            do throws(ChunkStateMachine.Fault) {
                return .success(try self.machine.take(bytes, at: { .now() }))
            } catch {
                return .failure(error)
            }
        }
        return try taken.get()
    }

    /// The statement runs once more.
    func reset() {
        self.machine.reset()
        self.deadline = nil
    }

    /// The rows are not needed any more; the caller of this function ends the statement.
    func cancel() {
        self.end = self.end ?? .canceled
        self.cancelTimer()
    }

    /// The transaction is committed: sends the rest, and the final result, an empty array of rows.
    ///
    /// - Returns: false if the rest could not be sent; ``end`` has the reason.
    func finish() -> Bool {
        guard self.end == nil else { return false }
        if let rest = self.machine.finish() { self.send(rest) }
        guard self.end == nil else { return false }
        self.cancelTimer()
        _ = self.session.yield(self.request, payload: Payload(arguments: ByteBuffer(string: "[[]]")))
        return true
    }

    private func send(_ chunk: ByteBuffer) {
        var payload = Payload(arguments: chunk)
        do throws(JSONError) {
            try payload.prepareForRouter()
        } catch {
            return self.stop(.unreadable(error))
        }
        switch self.session.yield(self.request, payload: payload, progress: true) {
        case .sent:
            self.hasSent = true
            self.passedOn()
        case .tooLarge(let size, let limit): self.stop(.tooLargeForRouter(size: size, limit: limit))
        case .sessionClosed: self.stop(.canceled)
        }
    }

    private func stop(_ end: End) {
        guard self.end == nil else { return }
        self.end = end
        self.cancel()
        self.endStatement()
    }

    // MARK: - Time

    private func cancelTimer() {
        self.timer?.task.cancel()
        self.timer = nil
    }

    /// One timer for both: the waiting chunk, and the deadline. It may be early, but is never late.
    private func setTimer() {
        guard self.end == nil, let next = [self.machine.due, self.deadline].compactMap({ $0 }).min() else { return }
        if let timer = self.timer {
            guard next < timer.at else { return }
            timer.task.cancel()
        }
        let task = self.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.timerFired() }
        self.timer = (task, next)
    }

    private func timerFired() {
        self.timer = nil
        guard self.end == nil else { return }
        let now = NIODeadline.now()
        if let deadline = self.deadline, deadline <= now { return self.stop(.timedOut) }
        if let chunk = self.machine.takeDue(at: now) { self.send(chunk) }
        self.setTimer()
    }
}
