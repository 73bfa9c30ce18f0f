import CallPort
import NIOCore
import Names
import SidecarConfiguration

/// Opens a port of the file's, and closes it again. On the event loop; keeps itself alive until it is done.
final class PortCheck {
    private let section: String
    private let location: String
    private let port: PortPlace
    private let eventLoop: any EventLoop
    private var listener: PortListener?
    private var completion: (([String]) -> Void)?

    /// The port for calls from SQL.
    init(_ settings: CallerSettings, _ configuration: Configuration, eventLoop: any EventLoop) {
        self.section = "caller"
        self.location = configuration.place(settings.listen.location)
        self.port = PortPlace(settings.listen.value)
        self.eventLoop = eventLoop
    }

    /// The admin port.
    init(_ settings: AdminSettings, _ configuration: Configuration, eventLoop: any EventLoop) {
        self.section = "admin"
        self.location = configuration.place(settings.listen.location)
        self.port = PortPlace(settings.listen.value)
        self.eventLoop = eventLoop
    }

    func run(completion: @escaping ([String]) -> Void) {
        self.completion = completion
        let listener = PortListener(
            self.port, eventLoop: self.eventLoop,
            observer: { event in
                switch event {
                case .listening: self.finish([])
                case .notListening(let address, let reason, _):
                    self.finish(["\(self.location): \(self.section): can't listen at \(address): \(reason)"])
                case .cannotAccept: break
                }
            }, isFullUntil: { nil }, accept: { $0.close() })
        self.listener = listener
        listener.start()
    }

    private func finish(_ faults: [String]) {
        guard let completion = self.completion else { return }
        self.completion = nil
        // The calling function may still use it.
        self.eventLoop.assumeIsolated().execute {
            self.listener?.stop()
            self.listener = nil
            completion(faults)
        }
    }
}
