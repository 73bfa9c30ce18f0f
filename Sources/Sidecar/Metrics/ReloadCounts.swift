/// Counts how often the configuration was read again, and what became of it.
struct ReloadCounts: Measured {
    private var taken = 0
    private var refused = 0
    private var isLastTaken = true
    private var lastTaken: Double

    /// - Parameter start: when the first configuration was taken, in seconds since 1970.
    init(start: Double) {
        self.lastTaken = start
    }

    /// Something was observed, at a time in seconds since 1970.
    mutating func record(_ observation: Observation, at now: @autoclosure () -> Double) {
        switch observation {
        case .reloaded:
            self.taken += 1
            self.isLastTaken = true
            self.lastTaken = now()
        case .reloadRefused:
            self.refused += 1
            self.isLastTaken = false
        default: break
        }
    }

    func measure(into exposition: inout Exposition) {
        exposition.begin(.configLastReloadSuccessful)
        exposition.add(self.isLastTaken ? 1 : 0)
        exposition.begin(.configLastReloadSuccess)
        exposition.add(self.lastTaken)
        exposition.begin(.configReloads)
        exposition.add(self.taken, "ok")
        exposition.add(self.refused, "refused")
    }
}
