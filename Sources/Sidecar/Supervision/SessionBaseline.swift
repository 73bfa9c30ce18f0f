import Functions
import NIOCore
import Postgres

/// Asks for the settings of a fresh session of the sidecar's role, which sessions are reset to. On the event loop.
final class SessionBaseline: Part {
    private let control: Control
    private let settings: CallSettings
    private let pools: Pools
    private let timeout: TimeAmount

    /// - Parameter timeout: the deadline of a statement that has none.
    init(control: Control, settings: CallSettings, pools: Pools, timeout: TimeAmount) {
        self.control = control
        self.settings = settings
        self.pools = pools
        self.timeout = timeout
    }

    func follow(_ situation: Situation, from former: Situation) {
        if situation.lookupSessions != former.lookupSessions { self.ask() }
    }

    private func ask() {
        self.control.query(
            """
            select reset_val, pg_catalog.current_setting('role'), current_user
            from pg_catalog.pg_settings where name = 'search_path'
            """
        ) { result in
            guard case .success(let rows) = result, let row = rows.values.first, row.count == 3, let path = row[0],
                let role = row[1]
            else { return }
            self.settings.ownRole = row[2] ?? ""
            self.found(searchPath: path, role: role)
        }
    }

    private func found(searchPath: String, role: String) {
        guard searchPath != self.settings.session.searchPath || role != self.settings.session.role else { return }
        self.settings.session = CleanSession(searchPath: searchPath, role: role, timeout: self.timeout)
        self.pools.own.cleanSession = self.settings.session
        self.pools.guests.pool.cleanSession = CleanSession(
            searchPath: searchPath, role: CallSettings.noRole, timeout: self.timeout)
    }
}
