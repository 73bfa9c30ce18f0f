import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration

/// Looks up every mapped function. On the event loop; keeps itself alive until it is done.
final class DatabaseCheck {
    private struct Question {
        let place: String
        let subject: String
        let ask: (Control, @escaping (PlanSource.Failure?) -> Void) -> Void
    }

    private let configuration: Configuration
    private let eventLoop: any EventLoop
    private let patience: TimeAmount
    private let environment: DatabaseEnvironment
    private var control: Control?
    private var lastFailure: String?
    private var faults: [String] = []
    private var open = 0
    private var completion: (([String]) -> Void)?

    init(_ configuration: Configuration, eventLoop: any EventLoop, patience: TimeAmount) throws {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.patience = patience
        self.environment = try DatabaseEnvironment(
            configuration.database, eventLoop: eventLoop, sessionTimeout: .seconds(10))
    }

    func run(completion: @escaping ([String]) -> Void) {
        self.completion = completion
        let control = Control(environment: self.environment) { event in
            if case .connectFailed(_, let failure) = event { self.failed(failure.description) }
        }
        self.control = control
        control.start()
        control.query("select 1", patience: self.patience) { result in
            switch result {
            case .success: self.askAll(control)
            case .failure(let failure): self.failed(failure.description)
            }
        }
    }

    private func askAll(_ control: Control) {
        let questions =
            self.configuration.procedures.flatMap(Self.questions)
            + self.configuration.subscriptions.map(Self.question)
            + self.configuration.notifications.compactMap(Self.question)
        self.open = questions.count
        guard self.open > 0 else { return self.finish() }
        for question in questions {
            question.ask(control) { failure in
                switch failure {
                case .fault(let fault):
                    self.faults.append("\(self.configuration.path):\(question.place): \(question.subject): \(fault)")
                case .unavailable(let reason):
                    self.faults.append(
                        "\(self.configuration.path):\(question.place): \(question.subject): not checked: \(reason)")
                case nil:
                    break
                }
                self.open -= 1
                if self.open == 0 { self.finish() }
            }
        }
    }

    private static func questions(_ mapping: ProcedureMapping) -> [Question] {
        let roles: [String?] =
            switch mapping.role {
            case .session: [nil]
            case .fixed(let role): [role]
            case .byAuthrole(let roles): Set(roles.map(\.role)).sorted()
            }
        return roles.map { role in
            Question(
                place: "\(mapping.target.location)",
                subject: "procedure '\(mapping.uri)'" + (role.map { " as role \($0)" } ?? ""),
                ask: { control, done in
                    PlanCheck.run(
                        mapping.target.value, options: PlanOptions(mapping), role: role, control: control,
                        completion: done)
                })
        }
    }

    private static func question(_ mapping: SubscriptionMapping) -> Question {
        let options = PlanOptions(convention: PlanOptions.Convention(mapping.convention, isFromSQL: false))
        return Question(
            place: "\(mapping.function.location)",
            subject: "subscription '\(mapping.topic)'" + (mapping.role.map { " as role \($0)" } ?? ""),
            ask: { control, done in
                PlanCheck.run(
                    .function(mapping.function.value), options: options, role: mapping.role, isForEvents: true,
                    control: control, completion: done)
            })
    }

    private static func question(_ mapping: NotificationMapping) -> Question? {
        guard case .call(_, let result?, _) = mapping.action else { return nil }
        return Question(
            place: "\(result.location)", subject: "channel '\(mapping.channel)'",
            ask: { control, done in
                PlanCheck.run(
                    .function(result.value), options: PlanOptions(), role: nil, control: control, completion: done)
            })
    }

    private func failed(_ reason: String) {
        guard self.faults.isEmpty, self.completion != nil else { return }
        self.faults.append("\(self.configuration.place(self.configuration.database.location)): database: \(reason)")
        self.finish()
    }

    private func finish() {
        let control = self.control
        self.control = nil
        control?.stop()
        self.completion?(self.faults.sorted())
        self.completion = nil
        // The calling function may still use it.
        self.eventLoop.assumeIsolated().execute { withExtendedLifetime(control) {} }
    }
}
