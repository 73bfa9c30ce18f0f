import Functions
import NIOCore
import TestChecks
import Testing

@testable import Sidecar

/// Whatever happens, each event that was appended is done, given up, dropped, or in the queue: in one of these, once.
@Suite("No event is counted twice, or not at all")
struct EventConservationTests {
    private static let answers: [EventAnswer] = [
        .committed, .committed, .committed, .refused, .failed(.conflict), .failed(.own), .failed(.connectionLost),
        .failed(.definition), .failed(.resourcesLacking), .failed(.sessionEnded),
        .failed(.notPrepared),
    ]

    @Test("in order", arguments: 1...40)
    func ordered(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var queue = EventQueueStateMachine<Int>(retries: 1, isHeld: true)
        var (came, ended, burying) = (0, 0, 0)
        let start = NIODeadline.uptimeNanoseconds(0)
        func take(_ outcome: EventQueueStateMachine<Int>.Outcome) {
            switch outcome {
            case .done: ended += 1
            case .bury: burying += 1
            case .none, .retry, .lookUp, .hold, .broken: break
            }
        }
        for step in 0..<2_000 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1, 2:
                came += 1
                queue.append(came)
            case 3, 4:
                queue.resume()
            case 5, 6:
                switch queue.next(othersWait: Bool.random(using: &random), at: start) {
                case .lease: queue.granted(at: start)
                case .send: if Int.random(in: 0..<8, using: &random) == 0 { take(queue.lastDoesNotFit()) }
                case .nothing, .setNumber, .release: break
                }
            case 7, 8:
                let answer = Self.answers.randomElement(using: &random) ?? .committed
                take(queue.answered(answer, ran: .microseconds(20)))
            case 9:
                if burying > 0 {
                    burying -= 1
                    ended += 1
                    queue.buried()
                }
            case 10:
                switch Int.random(in: 0..<4, using: &random) {
                case 0: queue.leaseLost()
                case 1: queue.hold()
                case 2: queue.isSuspended.toggle()
                default: ended += queue.drop().count
                }
            default:
                if queue.giveUpFirst() != nil { burying += 1 }
            }
            #expect(came == ended + queue.waitingCount + queue.inProgressCount, "step \(step)")
        }
        ended += queue.stop().count
        #expect(queue.waitingCount == 0)
        #expect(came == ended + queue.inProgressCount)
    }

    @Test("several at once", arguments: 1...40)
    func concurrent(_ seed: Int) {
        typealias Queue = ConcurrentQueueStateMachine<Int>
        var random = SeededGenerator(seed: UInt64(seed))
        var queue = Queue(retries: 1, most: 4)
        var underWay: [Queue.Entry] = []
        var delayed: [Queue.Entry] = []
        var (came, ended, burying) = (0, 0, 0)
        for step in 0..<2_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1, 2:
                came += 1
                queue.append(came)
            case 3:
                queue.resume()
            case 4, 5:
                if let entry = queue.next() { underWay.append(entry) }
            case 6, 7:
                guard !underWay.isEmpty else { break }
                let entry = underWay.remove(at: Int.random(in: underWay.indices, using: &random))
                switch queue.answered(Self.answers.randomElement(using: &random) ?? .committed, entry) {
                case .done: ended += 1
                case .bury: burying += 1
                case .retry(let entry, _): delayed.append(entry)
                case .waiting, .hold, .lookUp: break
                }
            case 8:
                if burying > 0 {
                    burying -= 1
                    ended += 1
                    queue.buried()
                }
                if let entry = delayed.popLast() { queue.sendAgain(entry) }
            default:
                switch Int.random(in: 0..<4, using: &random) {
                case 0: queue.hold()
                case 1: queue.isSuspended.toggle()
                case 2: ended += queue.drop().count
                default: if queue.giveUpFirst() != nil { burying += 1 }
                }
            }
            #expect(came == ended + queue.waitingCount + queue.inProgressCount, "step \(step)")
        }
        ended += queue.stop().count
        #expect(queue.waitingCount == 0)
        #expect(came == ended + queue.inProgressCount)
    }
}
