import NIOCore

/// The counters' end of observations, and all that a scrape shows. On the event loop.
///
/// Counters are plain integers, in slots that whoever counts holds on to; gauges are read from the parts at a scrape.
final class Metrics {
    /// Where calls are counted, by procedure.
    let procedures = SlotTable<ProcedureSlot>()
    /// Where events are counted, by topic.
    let subscriptions = SlotTable<SubscriptionSlot>()
    /// Where notifications are counted, by channel.
    let channels = SlotTable<ChannelSlot>()

    /// Calls and events of the last minutes.
    private(set) var load = LoadTrend()

    private let version: String
    private let process: ProcessFigures
    private var rare = RareCounts()
    private(set) var recentDeadLetters = RecentDeadLetters()
    private var reloads: ReloadCounts
    /// Whoever else has something to write: the parts of the supervisor that runs.
    var parts: [any Measured] = []

    /// - Parameter version: of this program.
    init(version: String) {
        let process = ProcessFigures()
        self.version = version
        self.process = process
        self.reloads = ReloadCounts(start: process.start)
    }

    /// Something was observed.
    func record(_ observation: Observation) {
        self.rare.record(observation)
        self.reloads.record(observation, at: ProcessFigures.now)
    }

    /// Dead letters that were written.
    private var deadLetters: DeadLetterCounts {
        DeadLetterCounts(
            publications: self.rare.lettersOfPublications,
            events: self.subscriptions.all.reduce(0) { $0 + $1.letters })
    }

    /// Brings ``recentDeadLetters`` up to date.
    func noteDeadLetters(at now: NIODeadline) {
        self.recentDeadLetters.noted(self.deadLetters, at: now)
    }

    /// Time has passed: called each second.
    func beat(at now: NIODeadline) {
        guard self.load.isDue(at: now) else { return }
        var (calls, events) = (0, 0)
        for slot in self.procedures.all {
            slot.look(at: now)
            calls += slot.received
        }
        for slot in self.subscriptions.all {
            slot.look(at: now)
            events += slot.received
        }
        self.load.look(calls: calls, events: events, at: now)
    }

    /// All metrics, as text.
    func text(_ format: ExpositionFormat) -> ByteBuffer {
        var exposition = Exposition(format)
        exposition.begin(.buildInfo)
        exposition.add(1, self.version)
        self.rare.measure(into: &exposition)
        self.reloads.measure(into: &exposition)
        exposition.begin(.deadLettersAdded)
        let letters = self.deadLetters
        exposition.add(letters.publications, "publish")
        exposition.add(letters.events, "event")
        for part in self.parts { part.measure(into: &exposition) }
        self.process.measure(into: &exposition)
        return exposition.finished()
    }
}
