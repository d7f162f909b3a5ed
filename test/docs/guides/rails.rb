# Stands in for Rails, of which the guide uses this much: routes and jobs are called without it.
require 'json'
$LOAD_PATH.unshift(File.join(__dir__, 'lib'))

Person = Struct.new(:id)
Order = Struct.new(:id, :user_id)

module Rails
  ROUTES = {}

  def self.application = self
  def self.routes = self
  def self.draw(&block) = instance_eval(&block)
  def self.get(path, to:) = ROUTES[path] = to
end

class ApplicationController
  Response = Struct.new(:headers)
  attr_reader :current_user, :response, :answer

  def initialize(user)
    @current_user = user
    @response = Response.new({})
  end

  def head(status) = @answer = status.to_s
  def render(plain:) = @answer = plain
end

class ApplicationJob
  def self.retry_on(_error, attempts:) = attempts
end

require_relative 'config/routes'
require_relative 'app/controllers/push_tokens_controller'
require_relative 'app/jobs/order_shipped_push_job'

visit = lambda do |user|
  raise 'no such route' unless Rails::ROUTES['push-token'] == 'push_tokens#show'

  PushTokensController.new(user).tap(&:show)
end
token = visit.(Person.new(7))
send = -> { OrderShippedPushJob.new.perform(Order.new(42, 7))['id'] }
puts JSON.generate(
  stranger: visit.(nil).answer == 'unauthorized' ? 401 : 200,
  token: token.answer,
  cache: token.response.headers['Cache-Control'],
  ids: [send.(), send.()]
)
