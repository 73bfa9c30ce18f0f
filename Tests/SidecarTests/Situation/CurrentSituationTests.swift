import TestChecks
import Testing

@testable import Sidecar

@Suite("Current situation")
struct CurrentSituationTests {
    @Test("each change goes to all parts, in their order")
    func order() {
        var seen: [String] = []
        let situation = CurrentSituation()
        situation.follow(["a", "b"].map { name in RecordingPart(name) { seen.append($0) } })
        situation.change { $0.listenings = 1 }
        situation.change { $0.listenings = 5 }
        check(seen, ["a: 0 -> 1", "b: 0 -> 1", "a: 1 -> 5", "b: 1 -> 5"])
        check(situation.now.listenings, 5)
    }

    @Test("a change by a part that follows another one takes effect when all have followed")
    func nested() {
        var seen: [String] = []
        let situation = CurrentSituation()
        let (first, second) = (RecordingPart("a") { seen.append($0) }, RecordingPart("b") { seen.append($0) })
        first.followed = { now, _ in
            if now.listenings == 1 { situation.change { $0.listenings += 1 } }
        }
        situation.follow([first, second])
        situation.change { $0.listenings = 1 }
        check(seen, ["a: 0 -> 1", "b: 0 -> 1", "a: 1 -> 2", "b: 1 -> 2"])
    }
}
